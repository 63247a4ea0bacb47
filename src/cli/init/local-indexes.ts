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
  for (const collection of new Set(neededIndexes.map((index) => index.collection))) {
    const address = `${url}/_emulator/indexes/${collection}`;
    const { indexes } = (await request(address)) as { readonly indexes: readonly Declared[] };
    const names = new Set(indexes.map(({ name }) => name));
    const missing = neededIndexes
      .filter((index) => index.collection === collection)
      .map(declare)
      .filter(({ name }) => !names.has(name));
    if (missing.length > 0) await request(address, [...indexes, ...missing]);
  }
}

function declare({ fields, unique }: NeededIndex): Declared {
  const pairs = fields.map(({ path, direction }) => [path, direction === 'asc' ? 1 : -1] as const);
  const name = pairs.map(([path, direction]) => `${path}_${direction}`).join('_');
  return { name, keys: Object.fromEntries(pairs), unique };
}

async function request(address: string, body?: unknown): Promise<unknown> {
  const response = await fetch(address, body === undefined ? {} : { method: 'PUT', body: JSON.stringify(body) });
  if (response.ok) return response.json();
  throw new CommandFailure(exitCodes.cloud, `the local cloud refused ${address}: ${await response.text()}`);
}
