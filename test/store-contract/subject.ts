import { isDurableError } from '../../src/core/index.ts';
import type { Blobs, Document, Store } from '../../src/store/index.ts';

/** An adapter under the contract. */
export interface Subject {
  readonly store: Store;
  readonly blobs: Blobs;
  /** How many requests it has sent; for an adapter that sends any. */
  readonly requests?: () => Promise<number>;
  /** What is stored in a collection, by another way than the adapter's. */
  contents(collection: string): Promise<readonly Document[]>;
  /** Values of its platform that no filter may take for literal ones. */
  readonly operators?: () => readonly unknown[];
  close?(): Promise<void>;
}

export type Use = () => Subject;

let made = 0;

/** A collection of its own with these documents in it. */
export async function collectionWith(store: Store, ...documents: readonly Document[]): Promise<string> {
  made += 1;
  const name = `contract_${made}`;
  await store.createCollection(name);
  for (let start = 0; start < documents.length; start += 50) {
    await Promise.all(documents.slice(start, start + 50).map((document) => store.insert(name, document)));
  }
  return name;
}

/** The code of the error that `work` rejects with; `no error` when it does not reject. */
export async function codeOf(work: Promise<unknown> | (() => Promise<unknown>)): Promise<string> {
  try {
    await (typeof work === 'function' ? work() : work);
    return 'no error';
  } catch (error) {
    return isDurableError(error) ? error.code : `not ours: ${String(error)}`;
  }
}

/** Every document of a walk, page by page, with the sizes of its pages. */
export async function walk(store: Store, name: string, request: Parameters<Store['page']>[1]) {
  const items: Document[] = [];
  const sizes: number[] = [];
  let { after } = request;
  for (;;) {
    const page = await store.page(name, { ...request, after });
    items.push(...page.items);
    sizes.push(page.items.length);
    if (!page.next) return { items, sizes };
    // As a checkpoint travels: through JSON or a document.
    after = structuredClone(page.next);
  }
}

export const idsOf = (documents: readonly Document[]): readonly string[] => documents.map(({ _id }) => _id);
