/** The functions on the reference adapters and the test clock: for stories about days, orders and interleavings. */
import type { Provider } from '../../src/generation/index.ts';
import {
  createFixUserConsistency,
  createGenerateImage,
  createRecoverFromBackup,
  type Runtime,
} from '../../src/service/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import type { Document, Store } from '../../src/store/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { TIMER, type Answer } from './local-cloud.ts';
import { memoryLog, seededRandom, testHash } from './ports.ts';
import { createPainter } from './scripted-provider.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

export interface MemoryCloudOptions {
  readonly provider?: Provider;
  readonly clock?: TestClock;
  readonly env?: Readonly<Record<string, string>>;
  /** Stands between the functions and the store. */
  readonly through?: (store: Store) => Store;
}

export type MemoryCloud = ReturnType<typeof createMemoryCloud>;

/** Empty collections, and functions over them; each call in an instance of its own. */
export function createMemoryCloud(options: MemoryCloudOptions = {}) {
  const clock = options.clock ?? createTestClock();
  const store = createMemoryStore(['users', 'works', 'emergency_backup']);
  const log = memoryLog();
  const random = seededRandom(1);
  const blobs = createMemoryBlobs();
  const provider = options.provider ?? createPainter();
  const context = { time_limit_in_ms: 60_000, request_id: 'in-memory' };
  const runtime = (openid?: string): Runtime => ({
    clock,
    log,
    random,
    blobs,
    provider,
    createSeal,
    hash: testHash,
    store: options.through?.(store) ?? store,
    env: options.env ?? {},
    fetch: () => Promise.reject(new Error('nothing is fetched here')),
    identity: () => (openid === undefined ? { SOURCE: 'wx_trigger' } : { OPENID: openid, SOURCE: 'wx_client' }),
  });
  const call = (openid: string, event: unknown): Promise<Answer> =>
    clock.until(createGenerateImage(runtime(openid))(event, context) as Promise<Answer>);
  return {
    clock,
    store,
    blobs,
    log,
    runtime,
    context,
    call,
    generate: (openid: string, data: unknown) => call(openid, { action: 'generate', data }),
    recover: () => clock.until(createRecoverFromBackup(runtime())(TIMER, context) as Promise<Answer>),
    repair: () => clock.until(createFixUserConsistency(runtime())(TIMER, context) as Promise<Answer>),
    add: async (collection: string, ...documents: readonly Document[]) => {
      for (const document of documents) await store.insert(collection, document);
    },
    get: (collection: string, id: string): Promise<Document | undefined> => store.get(collection, id),
  };
}
