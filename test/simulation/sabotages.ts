import type { Store } from '../../src/store/index.ts';

/** A store that breaks one promise. */
export type Sabotage = (store: Store) => Store;

/** Acknowledges what is inserted there, and keeps nothing. */
export const losing =
  (place: string): Sabotage =>
  (store) => ({
    ...store,
    insert: (collection, document) =>
      collection === place ? Promise.resolve('inserted') : store.insert(collection, document),
  });

/** Updates whatever these conditions say. */
export const forgetting =
  (paths: RegExp): Sabotage =>
  (store) => ({
    ...store,
    update(collection, target, change) {
      const where = Object.entries(target.where ?? {}).filter(([path]) => !paths.test(path));
      return store.update(collection, { id: target.id, where: Object.fromEntries(where) }, change);
    },
  });

/** Leaves these out of what it counts. */
export const notCounting =
  (paths: RegExp): Sabotage =>
  (store) => ({
    ...store,
    update(collection, target, change) {
      const inc = Object.entries(change.inc ?? {}).filter(([path]) => !paths.test(path));
      return store.update(collection, target, { ...change, inc: Object.fromEntries(inc) });
    },
  });

/** Each breaks one promise that the protocol stands on. */
export const sabotages = {
  'updates whatever the condition': forgetting(/(?:)/),
  'overwrites on insert': (store) => ({
    ...store,
    async insert(collection, document) {
      await store.remove(collection, { id: document._id });
      return store.insert(collection, document);
    },
  }),
  'acknowledges dead letters without keeping them': losing('emergency_backup'),
  'forgets conditions on holds that are closed': forgetting(/\.st$/),
} as const satisfies Readonly<Record<string, Sabotage>>;
