import { createDeadline, type Deadline, type Random, type Seal } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import {
  createDurableWriter,
  redrive,
  type DurableWriterOptions,
  type RedriveRequest,
} from '../../src/durable/index.ts';
import type { Document, Filter } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { createFlakyBlobs, createFlakyStore, type Fates } from '../support/flaky-store.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';

export const KEY = '0123456789abcdef'.repeat(4);

export interface BenchOptions {
  readonly fates?: Fates;
  readonly blobFates?: Fates;
  readonly latencyMs?: number;
  /** Of `random.next()`; without it a seeded sequence. */
  readonly next?: number;
  readonly seal?: Seal | false;
  readonly previousSeals?: readonly Seal[];
  readonly blobs?: false;
  readonly collections?: readonly string[];
  readonly options?: DurableWriterOptions;
}

/** A writer on stores in memory that fail as planned, on a clock that stands still. */
export function createBench(given: BenchOptions = {}) {
  const { fates, blobFates, latencyMs, collections = ['works', 'emergency_backup'] } = given;
  const clock = createTestClock();
  const memory = createMemoryStore(collections);
  const files = createMemoryBlobs();
  const store = createFlakyStore(memory, { clock, ...(fates ? { fates } : {}), ...(latencyMs ? { latencyMs } : {}) });
  const blobs = createFlakyBlobs(files, {
    clock,
    ...(blobFates ? { fates: blobFates } : {}),
    ...(latencyMs ? { latencyMs } : {}),
  });
  const seeded = seededRandom(7);
  const { next } = given;
  const random: Random = next === undefined ? seeded : { ...seeded, next: () => next };
  const log = memoryLog();
  const seal = given.seal === false ? undefined : (given.seal ?? createSeal(KEY));
  const { previousSeals } = given;
  const tiers = { ...(given.blobs === false ? {} : { blobs }), ...(seal ? { seal } : {}), previousSeals };
  const writer = createDurableWriter({ store, clock, random, hash: testHash, log, ...tiers }, given.options);
  const within = (delayMs: number): Deadline => createDeadline(clock, clock.now() + delayMs);
  return {
    clock,
    memory,
    files,
    store,
    blobs,
    log,
    seal,
    writer,
    within,
    /** Writes a record into `works` and lets the time pass that it takes. */
    write: (record: Document = WORK, more: { deadline?: Deadline; replaces?: Filter; attempt?: number } = {}) => {
      const { deadline = within(60_000), replaces, attempt } = more;
      const request = { collection: 'works', record, deadline, ...(attempt ? { attempt } : {}) };
      return clock.until(writer.write(replaces ? { ...request, replaces } : request));
    },
    redrive: (deadline = within(60_000), more: Omit<RedriveRequest, 'deadline'> = {}) =>
      clock.until(redrive({ store, clock, log, writer }, { deadline, ...more })),
  };
}

/** A finished work, as it is paid for. */
export const WORK: Document = {
  _id: 'w_0011',
  userId: 'u1',
  status: 'completed',
  prompt: '可爱的小猫',
  createdAt: new Date('2026-11-22T04:00:00Z'),
  token: 't1',
  asset: { bytes: 12, at: [new Date(5)] },
};
