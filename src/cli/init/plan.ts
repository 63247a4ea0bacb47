import { isDurableError } from '../../core/index.ts';
import { collections } from '../../records/index.ts';
import type { Store } from '../../store/index.ts';

/** A collection of this library, and whether it is there. */
export interface CollectionState {
  readonly name: string;
  readonly state: 'exists' | 'missing' | 'created';
}

/** Looks which collections exist, all at once; rejects where that cannot be read. */
export async function planCollections(store: Store): Promise<readonly CollectionState[]> {
  return Promise.all(
    Object.values(collections).map(async (name) => ({
      name,
      state: (await exists(store, name)) ? 'exists' : 'missing',
    })),
  );
}

/** Whether a collection exists; rejects where it cannot be read. */
export async function exists(store: Store, name: string): Promise<boolean> {
  try {
    await store.page(name, { limit: 1, fields: ['_id'] });
    return true;
  } catch (error) {
    if (isDurableError(error, 'STORE_NOT_FOUND')) return false;
    throw error;
  }
}

/** Creates what is missing; another run that was first does no harm. */
export async function applyCollections(
  store: Store,
  planned: readonly CollectionState[],
): Promise<readonly CollectionState[]> {
  const done: CollectionState[] = [];
  for (const { name, state } of planned) {
    if (state === 'missing') await store.createCollection(name, { timeoutMs: 10_000 });
    done.push({ name, state: state === 'missing' ? 'created' : state });
  }
  return done;
}
