import type { CallOptions, Store } from '../../src/store/index.ts';

/** One statement on its way to the store. */
export interface Statement {
  readonly op: keyof Store;
  readonly collection: string;
  /** All that it says. */
  readonly body: unknown;
  readonly call: CallOptions | undefined;
}

/** A store each of whose statements goes through `send`: what stands between a function and its database. */
export function storeThrough(
  store: Store,
  send: <T>(statement: Statement, effect: () => Promise<T>) => Promise<T>,
): Store {
  return {
    insert: (collection, body, call) =>
      send({ op: 'insert', collection, body, call }, () => store.insert(collection, body)),
    get: (collection, body, call) => send({ op: 'get', collection, body, call }, () => store.get(collection, body)),
    update: (collection, target, change, call) =>
      send({ op: 'update', collection, body: [target, change], call }, () => store.update(collection, target, change)),
    updateMany: (collection, targets, change, call) =>
      send({ op: 'updateMany', collection, body: [targets, change], call }, () =>
        store.updateMany(collection, targets, change),
      ),
    remove: (collection, body, call) =>
      send({ op: 'remove', collection, body, call }, () => store.remove(collection, body)),
    count: (collection, body, call) =>
      send({ op: 'count', collection, body, call }, () => store.count(collection, body)),
    group: (collection, body, call) =>
      send({ op: 'group', collection, body, call }, () => store.group(collection, body)),
    twins: (collection, body, call) =>
      send({ op: 'twins', collection, body, call }, () => store.twins(collection, body)),
    page: (collection, body, call) => send({ op: 'page', collection, body, call }, () => store.page(collection, body)),
    createCollection: (collection, call) =>
      send({ op: 'createCollection', collection, body: '', call }, () => store.createCollection(collection)),
  };
}
