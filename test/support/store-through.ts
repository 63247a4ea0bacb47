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
  const through =
    (op: keyof Store, collection: string, call: CallOptions | undefined) =>
    <T>(body: unknown, effect: () => Promise<T>): Promise<T> =>
      send({ op, collection, body, call }, effect);
  return {
    insert: (name, document, call) => through('insert', name, call)(document, () => store.insert(name, document)),
    get: (name, id, call) => through('get', name, call)(id, () => store.get(name, id)),
    update: (name, target, change, call) =>
      through('update', name, call)([target, change], () => store.update(name, target, change)),
    updateMany: (name, targets, change, call) =>
      through('updateMany', name, call)([targets, change], () => store.updateMany(name, targets, change)),
    remove: (name, target, call) => through('remove', name, call)(target, () => store.remove(name, target)),
    count: (name, where, call) => through('count', name, call)(where, () => store.count(name, where)),
    group: (name, request, call) => through('group', name, call)(request, () => store.group(name, request)),
    twins: (name, request, call) => through('twins', name, call)(request, () => store.twins(name, request)),
    page: (name, request, call) => through('page', name, call)(request, () => store.page(name, request)),
    createCollection: (name, call) => through('createCollection', name, call)('', () => store.createCollection(name)),
  };
}
