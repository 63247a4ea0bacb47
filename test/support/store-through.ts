import type { CallOptions, Store } from '../../src/store/index.ts';

/** One statement on its way to the store. */
export interface Statement {
  readonly op: string;
  readonly collection: string;
  readonly call: CallOptions | undefined;
}

/** A store each of whose statements goes through `send`: what stands between a function and its database. */
export function storeThrough(
  store: Store,
  send: <T>(statement: Statement, effect: () => Promise<T>) => Promise<T>,
): Store {
  const at = (op: string, collection: string, call: CallOptions | undefined): Statement => ({ op, collection, call });
  return {
    insert: (name, document, call) => send(at('insert', name, call), () => store.insert(name, document)),
    get: (name, id, call) => send(at('get', name, call), () => store.get(name, id)),
    update: (name, target, change, call) => send(at('update', name, call), () => store.update(name, target, change)),
    updateMany: (name, targets, change, call) =>
      send(at('updateMany', name, call), () => store.updateMany(name, targets, change)),
    remove: (name, target, call) => send(at('remove', name, call), () => store.remove(name, target)),
    count: (name, where, call) => send(at('count', name, call), () => store.count(name, where)),
    group: (name, request, call) => send(at('group', name, call), () => store.group(name, request)),
    twins: (name, request, call) => send(at('twins', name, call), () => store.twins(name, request)),
    page: (name, request, call) => send(at('page', name, call), () => store.page(name, request)),
    createCollection: (name, call) => send(at('createCollection', name, call), () => store.createCollection(name)),
  };
}
