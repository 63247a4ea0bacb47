/** One small world: a database, storage, an image service, and functions that are started and die in it. */
import { createDurableWriter } from '../../src/durable/index.ts';
import {
  createGeneration,
  createGenerationRecovery,
  type Download,
  type Generated,
  type Provider,
} from '../../src/generation/index.ts';
import { createDeadline, isDurableError, type Code } from '../../src/core/index.ts';
import { repairUserCounts } from '../../src/integrity/index.ts';
import { answerEarlier, createHoldPruning } from '../../src/once/index.ts';
import { collections } from '../../src/records/index.ts';
import type { Store } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';
import { faultyBlobs, faultyStore, FaultPlan, Instance, type Placement } from './faults.ts';

export type ProviderMood = 'paints' | 'refuses' | 'takes-tasks';

/** What the image service knows it did; the truth about money. */
export interface PaidCall {
  readonly reference: string;
  readonly made: boolean;
}

/** What a person saw; the truth about promises. */
export type Seen =
  | { readonly kind: 'final'; readonly generated: Generated }
  | { readonly kind: 'refused'; readonly code: Code }
  | { readonly kind: 'nothing' };

const TIMEOUT_MS = 60_000;
const CREDITS = 5;
export const OPENID = 'o-person';

export interface WorldOptions {
  readonly placements: readonly Placement[];
  readonly maxAttempts: number;
  readonly mood: ProviderMood;
  /** When a very late statement arrives. @default after a day */
  readonly veryLateMs?: number | undefined;
  /** For controls: a store that breaks one of its promises. @default an honest one */
  readonly sabotage?: ((store: Store) => Store) | undefined;
}

export type World = ReturnType<typeof createWorld>;

export function createWorld({ placements, maxAttempts, mood, veryLateMs, sabotage = (store) => store }: WorldOptions) {
  const clock = createTestClock();
  const random = seededRandom(1);
  const plan = new FaultPlan(placements, veryLateMs);
  const store = createMemoryStore(['users', 'works', 'emergency_backup']);
  const blobs = createMemoryBlobs();
  const log = memoryLog();
  const paid: PaidCall[] = [];
  const seen: Seen[] = [];
  const tasks = new Map<string, string>();

  const providerFor = (instance: Instance): Provider => {
    const make = async (reference: string) => {
      const made = mood !== 'refuses';
      paid.push({ reference, made });
      return made
        ? ({ status: 'completed', picture: { url: `https://pictures.test/${reference}.png` } } as const)
        : ({ status: 'failed', message: 'refused' } as const);
    };
    const base = {
      name: 'scripted',
      submit: ({ reference }: { reference: string }) =>
        instance.run({ kind: 'provider', name: 'pay' }, async () => {
          if (mood !== 'takes-tasks') return make(reference);
          const taskId = `task-${paid.length}`;
          await make(reference);
          tasks.set(taskId, reference);
          return { status: 'accepted', taskId } as const;
        }),
    };
    if (mood !== 'takes-tasks') return base;
    const ask = (taskId: string) =>
      instance.run({ kind: 'provider', name: 'ask' }, async () => {
        const url = `https://pictures.test/${tasks.get(taskId)}.png`;
        return { status: 'completed', picture: { url } } as const;
      });
    return { ...base, ask };
  };

  // A fresh function instance: nothing but what is stored goes from one to the next.
  const boot = () => {
    const instance = new Instance(clock, plan);
    const ports = { clock, random, hash: testHash, log };
    const reached = { store: faultyStore(sabotage(store), instance), blobs: faultyBlobs(blobs, instance) };
    const writer = createDurableWriter({ ...ports, ...reached }, { maxAttempts });
    const deps = { ...ports, ...reached, writer, provider: providerFor(instance), download };
    const registration = { open: true, initialCredits: CREDITS };
    return {
      generation: createGeneration(deps, { registration, earlier: async () => answerEarlier }),
      recovery: createGenerationRecovery(deps),
      pruning: createHoldPruning(deps, { records: collections.works, accounts: collections.users }),
      store: reached.store,
    };
  };

  const visit = () => ({ openid: OPENID, deadline: createDeadline(clock, clock.now() + TIMEOUT_MS - 150) });

  /** A person's call; answers once the function has answered or the platform has killed it. */
  const call = async (requestId: string, retryUnknown = false): Promise<Seen> => {
    const input = { ...WISH, requestId, retryUnknown };
    const running = boot()
      .generation.generate(visit(), input)
      .then(
        (generated): Seen => ({ kind: 'final', generated }),
        (error: unknown): Seen => ({ kind: 'refused', code: isDurableError(error) ? error.code : raise(error) }),
      );
    const killed = new Promise<Seen>((resolve) => clock.after(TIMEOUT_MS, () => resolve({ kind: 'nothing' })));
    const answer = await Promise.race([running, killed]);
    seen.push(answer);
    return answer;
  };

  /** One run of the recovery function; a killed one simply ends. */
  const recover = async (): Promise<void> => {
    const running = boot().recovery.recover({ deadline: visit().deadline });
    const killed = new Promise<void>((resolve) => clock.after(TIMEOUT_MS, resolve));
    await Promise.race([running.then(() => undefined, ignoreOurs), killed]);
  };

  /** One run of the pruning of holds. */
  const prune = async (): Promise<void> => {
    const running = boot().pruning.prune({ deadline: visit().deadline });
    const killed = new Promise<void>((resolve) => clock.after(TIMEOUT_MS, resolve));
    await Promise.race([running.then(() => undefined, ignoreOurs), killed]);
  };

  const repair = async (): Promise<void> => {
    await repairUserCounts({ store: boot().store, clock, random, hash: testHash, log }, { deadline: visit().deadline });
  };

  return { clock, plan, store, blobs, log, paid, seen, call, recover, prune, repair, CREDITS };
}

export const WISH = { prompt: '可爱的小猫', character: '', style: 'cartoon', emotion: '', mode: 'single' };

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

const download: Download = () => Promise.resolve({ kind: 'bytes', bytes: PNG });

function raise(error: unknown): never {
  throw error;
}

function ignoreOurs(error: unknown): void {
  if (!isDurableError(error) || error.code === 'INTERNAL') throw error;
}
