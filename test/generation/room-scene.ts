/** The room of pictures on the reference adapters and a clock that stands still, with an image service of the test's own. */
import { createDeadline, type Code } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { createDurableWriter } from '../../src/durable/index.ts';
import {
  createGallery,
  createGeneration,
  createGenerationRecovery,
  pictureTasks,
  type Download,
  type Moderate,
  type Provider,
  type Registration,
} from '../../src/generation/index.ts';
import { answerEarlier } from '../../src/once/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { createFlakyBlobs, createFlakyStore, type Fates } from '../support/flaky-store.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createPainter } from '../support/scripted-provider.ts';
import { createTestClock } from '../support/test-clock.ts';

export const OPENID = 'oAnna';
export const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export interface RoomOptions {
  /** Null: the deployment has none. @default one that paints at once */
  readonly provider?: Provider | null;
  readonly earlierProviders?: readonly Provider[];
  readonly moderate?: Moderate;
  readonly registration?: Registration;
  readonly download?: Download;
  readonly fates?: Fates;
  readonly blobFates?: Fates;
  /** WX_DURABLE_KEY. @default none */
  readonly key?: string;
}

export type Room = ReturnType<typeof createRoom>;

const WISH = {
  prompt: '可爱的小猫',
  character: '',
  style: 'cartoon',
  emotion: '',
  mode: 'single',
  retryUnknown: false,
};

const nothingThere: Download = async () => ({ kind: 'failed', why: 'nothing is fetched here' });

export function createRoom(options: RoomOptions = {}) {
  const { provider = createPainter(), earlierProviders, moderate, download = nothingThere } = options;
  const { registration = { open: true, initialCredits: 5 } } = options;
  const clock = createTestClock();
  const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
  const files = createMemoryBlobs();
  const store = createFlakyStore(memory, { clock, fates: options.fates ?? {} });
  const blobs = createFlakyBlobs(files, { clock, fates: options.blobFates ?? {} });
  const log = memoryLog();
  const ports = { clock, store, blobs, log, random: seededRandom(3), hash: testHash };
  const deps = {
    ...ports,
    download,
    earlierProviders,
    moderate,
    registration,
    provider: provider ?? undefined,
    writer: createDurableWriter(options.key === undefined ? ports : { ...ports, seal: createSeal(options.key) }),
  };
  const generation = createGeneration(deps, {
    registration,
    earlier: async () => answerEarlier,
    loadTasks: async () => pictureTasks,
  });
  const gallery = createGallery(deps);
  const recovery = createGenerationRecovery(deps);
  const within = (delayMs: number) => createDeadline(clock, clock.now() + delayMs);
  const visit = (openid = OPENID, timeMs = 60_000) => ({ openid, deadline: within(timeMs) });
  return {
    ...{ clock, memory, store, files, blobs, log, gallery, visit },
    generate: (requestId: string, wish: Partial<typeof WISH> = {}, timeMs = 60_000) =>
      clock.until(generation.generate(visit(OPENID, timeMs), { ...WISH, ...wish, requestId })),
    recover: (timeMs = 60_000) => clock.until(recovery.recover({ deadline: within(timeMs) })),
    /** The account, as it is stored. */
    anna: () => memory.dump('users').find(({ openid }) => openid === OPENID),
    work: (): Document | undefined => memory.dump('works')[0],
    add: async (collection: string, ...documents: readonly Document[]) => {
      for (const document of documents) await memory.insert(collection, document);
    },
  };
}

/** The code with which it is refused; fails where it is not. */
export async function codeOf(work: Promise<unknown>): Promise<Code> {
  const { code } = (await work.then(
    () => ({}),
    (error: unknown) => error,
  )) as { code: Code };
  return code;
}
