import { createDeadline, type Seal } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { createLetterReader } from '../../src/durable/index.ts';
import { composeLetter, createAuthenticator } from '../../src/durable/letter.ts';
import { createRetention, type PruneRequest } from '../../src/integrity/index.ts';
import type { Document, Store } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { createFlakyBlobs, createFlakyStore, type Fates } from '../support/flaky-store.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';

export const DAY_MS = 86_400_000;
export const NOW_MS = createTestClock().now();
const SEAL = createSeal('0123456789abcdef'.repeat(4));

/** A finished work. */
export const work = (number: number, more: Readonly<Record<string, unknown>> = {}): Document => ({
  _id: `w_${String(number).padStart(5, '0')}`,
  ...{ userId: 'u1', status: 'completed', prompt: '可爱的小猫', token: `t${number}`, createdAt: new Date(number) },
  asset: { state: 'pending', fileId: null },
  ...more,
});

export interface Special {
  readonly state?: string;
  /** How long ago it was recovered. @default 31 */
  readonly daysAgo?: number;
  readonly collection?: string;
  readonly seal?: Seal | false;
}

/** The letter of a record, recovered so many days ago. */
export function recovered(record: Document, special: Special = {}): Document {
  const { state = 'redriven', daysAgo = 31, collection = 'works', seal = SEAL } = special;
  const authenticator = createAuthenticator(testHash, seal || undefined);
  const letter = composeLetter(authenticator, { collection, record, attempt: 1, failures: [], atMs: 0 });
  const at = state === 'waiting' || state === 'quarantined' ? {} : { recoveredAt: new Date(NOW_MS - daysAgo * DAY_MS) };
  return { ...letter, state, ...at };
}

export interface Given {
  readonly works?: readonly Document[];
  readonly letters?: readonly Document[];
  readonly reports?: readonly Document[];
  readonly others?: Readonly<Record<string, readonly Document[]>>;
  readonly fates?: Fates;
  readonly blobFates?: Fates;
  readonly latencyMs?: number;
  readonly options?: Parameters<typeof createRetention>[1];
  /** Stands between retention and the store. */
  readonly through?: (store: Store) => Store;
}

/** Retention over collections in memory. */
export async function createScene(given: Given = {}) {
  const { works = [], letters = [], reports = [], others = {}, fates = {}, blobFates = {}, latencyMs = 0 } = given;
  const contents = { works, emergency_backup: letters, integrity_reports: reports, ...others };
  const clock = createTestClock();
  const memory = createMemoryStore(Object.keys(contents));
  for (const [name, documents] of Object.entries(contents)) {
    for (const document of documents) await memory.insert(name, document);
  }
  const files = createMemoryBlobs();
  const store = createFlakyStore(memory, { clock, fates, latencyMs });
  const blobs = createFlakyBlobs(files, { clock, fates: blobFates });
  const keys = { hash: testHash, seal: SEAL };
  const deps = {
    store: given.through?.(store) ?? store,
    blobs,
    clock,
    random: seededRandom(2),
    log: memoryLog(),
    ...keys,
  };
  const reader = createLetterReader(keys);
  const fileOf = (letter: Document): Promise<string> => files.fileId(reader.fileOf(letter._id));
  return {
    ...{ clock, memory, files, store, blobs, deps },
    prune: (request: Partial<PruneRequest> & { readonly withinMs?: number } = {}) => {
      const { withinMs = 60_000, ...rest } = request;
      const deadline = createDeadline(clock, clock.now() + withinMs);
      return clock.until(createRetention(deps, given.options).prune({ deadline, ...rest }));
    },
    left: (name = 'emergency_backup') => memory.dump(name).map(({ _id }) => _id),
    /** Puts a file into the place of a letter's own. */
    plant: async (letter: Document, text: string) => {
      await files.put(reader.fileOf(letter._id), new TextEncoder().encode(text));
    },
    hasFile: async (letter: Document) => (await files.exists([await fileOf(letter)])).size === 1,
  };
}
