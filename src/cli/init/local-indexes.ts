import { neededIndexes, type NeededIndex } from '../../records/index.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';

/** An index as the local cloud declares it. */
interface Declared {
  readonly name: string;
  readonly keys: Readonly<Record<string, 1 | -1>>;
  readonly unique: boolean;
}

/** Declares on a local cloud the indexes that are missing, which the platform lets only a person do; keeps the others. */
export async function declareIndexes(url: string): Promise<void> {
  for (const { address, indexes, missing } of await lookAtIndexes(url)) {
    if (missing.length > 0) await put(address, [...indexes, ...missing]);
  }
}

/** The indexes that a local cloud does not have, as `works (userId_1_status_1)`. */
export async function missingIndexes(url: string): Promise<readonly string[]> {
  const looked = await lookAtIndexes(url);
  return looked.flatMap(({ collection, missing }) => missing.map(({ name }) => `${collection} (${name})`));
}

interface CollectionIndexes {
  readonly collection: string;
  readonly address: string;
  readonly indexes: readonly Declared[];
  readonly missing: readonly Declared[];
}

async function lookAtIndexes(url: string): Promise<readonly CollectionIndexes[]> {
  const looked: CollectionIndexes[] = [];
  for (const collection of new Set(neededIndexes.map((index) => index.collection))) {
    const address = `${url}/_emulator/indexes/${collection}`;
    const indexes = await indexesAt(address);
    const names = new Set(indexes.map(({ name }) => name));
    const needed = neededIndexes.filter((index) => index.collection === collection).map(declare);
    looked.push({ collection, address, indexes, missing: needed.filter(({ name }) => !names.has(name)) });
  }
  return looked;
}

// A collection that is not there is refused, and has none.
async function indexesAt(address: string): Promise<readonly Declared[]> {
  const response = await fetch(address);
  if (!response.ok) return [];
  return ((await response.json()) as { readonly indexes: readonly Declared[] }).indexes;
}

function declare({ fields, unique }: NeededIndex): Declared {
  const pairs = fields.map(({ path, direction }) => [path, direction === 'asc' ? 1 : -1] as const);
  const name = pairs.map(([path, direction]) => `${path}_${direction}`).join('_');
  return { name, keys: Object.fromEntries(pairs), unique };
}

async function put(address: string, indexes: readonly Declared[]): Promise<void> {
  const response = await fetch(address, { method: 'PUT', body: JSON.stringify(indexes) });
  if (response.ok) return;
  throw new CommandFailure(exitCodes.cloud, `the local cloud refused ${address}: ${await response.text()}`);
}
