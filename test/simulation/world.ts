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
import { answerEarlier, createHoldPruning, openHoldsIn } from '../../src/once/index.ts';
import { collections } from '../../src/records/index.ts';
import type { Store } from '../../src/store/index.ts';
import { seededRandom, testHash } from '../support/ports.ts';
import { createContent } from './content.ts';
import { faultyBlobs, faultyStore, FaultPlan, Instance, type Placement } from './faults.ts';
import { Scheduler } from './scheduler.ts';

export type ProviderMood = 'paints' | 'refuses' | 'takes-tasks';

/** What the image service knows it did; the truth about money. */
export interface PaidCall {
  readonly reference: string;
  readonly made: boolean;
  /** Ordered by a function whose time was over, so that nobody was waiting. */
  readonly isLate: boolean;
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
  const clock = new Scheduler();
  const plan = new FaultPlan(placements, veryLateMs);
  clock.beforeStep = () => plan.next();
  const { store, blobs, text: contentText } = createContent();
  const paid: PaidCall[] = [];
  const seen: Seen[] = [];
  const instances: Instance[] = [];
  let storyEvents = 0;

  const providerFor = (instance: Instance): Provider => {
    const name = 'scripted';
    const bootedAtMs = clock.nowMs;
    const made = mood !== 'refuses';
    const submit: Provider['submit'] = ({ reference }) => {
      const isLate = clock.nowMs >= bootedAtMs + TIMEOUT_MS;
      return instance.run({ kind: 'provider', name: 'pay', body: reference }, async () => {
        paid.push({ reference, made, isLate });
        if (mood === 'takes-tasks') return { status: 'accepted', taskId: reference };
        return made ? completed(reference) : { status: 'failed', message: 'refused' };
      });
    };
    if (mood !== 'takes-tasks') return { name, submit };
    const ask = (taskId: string) =>
      instance.run({ kind: 'provider', name: 'ask', body: taskId }, async () => completed(taskId));
    return { name, submit, ask };
  };

  // A fresh function instance: nothing but what is stored goes from one to the next.
  const boot = (what: string) => {
    const number = instances.length;
    const instance = new Instance(`${what}-${number}`, clock, plan);
    instances.push(instance);
    // Draws of its own: what one instance does must not change what another draws.
    const ports = { clock: instance.clock, random: seededRandom(number + 1), hash: testHash, log: SILENT };
    const reached = { store: faultyStore(sabotage(store), instance), blobs: faultyBlobs(blobs, instance) };
    const deadline = createDeadline(clock.clockOf(instance.name), clock.nowMs + TIMEOUT_MS - 150);
    return { instance, ports, ...reached, deadline };
  };
  const wire = ({ instance, ports, store, blobs }: ReturnType<typeof boot>) => {
    const writer = createDurableWriter({ ...ports, store, blobs }, { maxAttempts });
    return { ...ports, store, blobs, writer, provider: providerFor(instance), download };
  };

  /** Runs a function until it answers, or the platform gives up waiting. */
  const started = async <T>(instance: Instance, work: Promise<T>, otherwise: T): Promise<T> => {
    storyEvents += 1;
    const running = work.finally(() => (instance.isOver = true));
    const gone = new Promise<T>((resolve) => {
      clock.at(clock.nowMs + TIMEOUT_MS, 'platform', () => resolve(otherwise));
    });
    const answer = await Promise.race([running, gone]);
    storyEvents += 1;
    return answer;
  };

  /** A person's call; answers once the function has answered or the platform has killed it. */
  const call = async (requestId: string, retryUnknown = false): Promise<Seen> => {
    const booted = boot(`call ${requestId}`);
    const registration = { open: true, initialCredits: CREDITS };
    const generation = createGeneration(wire(booted), { registration, earlier: async () => answerEarlier });
    const visit = { openid: OPENID, deadline: booted.deadline };
    const running = generation.generate(visit, { ...WISH, requestId, retryUnknown }).then(
      (generated): Seen => ({ kind: 'final', generated }),
      (error: unknown): Seen => ({ kind: 'refused', code: isDurableError(error) ? error.code : raise(error) }),
    );
    // Also what it says after the platform gave up waiting: somebody may have heard it.
    const heard = running.then((answer) => (seen.push(answer), answer));
    return started<Seen>(booted.instance, heard, { kind: 'nothing' });
  };

  type Booted = ReturnType<typeof boot>;
  /** One run of a maintenance function; a killed one simply ends. */
  const maintain = (what: string, run: (booted: Booted) => Promise<unknown>): Promise<void> => {
    const booted = boot(what);
    const running = run(booted).then(() => undefined, ignoreOurs);
    return started<void>(booted.instance, running, undefined);
  };
  const recover = (): Promise<void> =>
    maintain('recover', (booted) => createGenerationRecovery(wire(booted)).recover({ deadline: booted.deadline }));
  const kind = { records: collections.works, accounts: collections.users };
  const prune = (): Promise<void> =>
    maintain('prune', (booted) => createHoldPruning(wire(booted), kind).prune({ deadline: booted.deadline }));
  const repair = (): Promise<void> =>
    maintain('repair', (booted) =>
      repairUserCounts({ ...booted.ports, store: booted.store }, { deadline: booted.deadline }),
    );

  /**
   * All that what follows depends on: what is stored and on its way, what each living function has seen, and what the
   * verdict will look at. Equal texts, equal futures.
   */
  let held = 0;
  const fingerprint = (): string => {
    const alive = instances.map((instance) => instance.history()).filter((history) => history !== undefined);
    const down = [plan.isQuiet, plan.worksDown, plan.databaseDown, plan.storageDown].map(Number).join('');
    return [storyEvents, down, held, clock.agenda(), alive.join(), contentText(), truth(paid, seen)].join('\n');
  };

  /** Time passes in the story. */
  const later = async (delayMs: number): Promise<void> => {
    await clock.advance(delayMs);
    storyEvents += 1;
  };

  /** What remains: all that is stored, was paid and was promised. */
  const ending = (): string => [contentText(), truth(paid, seen)].join('\n');

  /** Counts holds under which nothing was paid, and which recovery may not touch before a day is over. */
  const noteHeld = (): void => {
    const holds = store.dump('users').flatMap((user) => openHoldsIn(user, kind));
    held = holds.filter(([id]) => !paid.some(({ reference }) => reference.startsWith(id))).length;
  };

  return {
    ...{ clock, later, plan, store, blobs, paid, seen, call, recover, prune, repair, fingerprint, ending, noteHeld },
    CREDITS,
    get held() {
      return held;
    },
  };
}

/** What a person was told and may rely on. */
export interface Promised {
  readonly id: string;
  readonly status: string;
  readonly imageUrl: string;
  readonly errorCode: string | null;
}

/** The promises among the answers: none where nothing, or "not saved yet", was said. */
export function promises(seen: readonly Seen[]): readonly Promised[] {
  return seen.flatMap((answer) => {
    if (answer.kind !== 'final' || answer.generated.savedIn === 'log') return [];
    const { _id: id, status, imageUrl, errorCode } = answer.generated.work;
    return [{ id, status, imageUrl, errorCode }];
  });
}

function truth(paid: readonly PaidCall[], seen: readonly Seen[]): string {
  const promised = new Set(promises(seen).map((promise) => JSON.stringify(promise)));
  return [...paid.map((call) => Object.values(call).join(' ')), ...[...promised].sort()].join();
}

export const WISH = { prompt: '可爱的小猫', character: '', style: 'cartoon', emotion: '', mode: 'single' };

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const SILENT = { write: () => undefined };

const download: Download = () => Promise.resolve({ kind: 'bytes', bytes: PNG });

function completed(reference: string) {
  return { status: 'completed', picture: { url: `https://pictures.test/${reference}.png` } } as const;
}

function raise(error: unknown): never {
  throw error;
}

function ignoreOurs(error: unknown): void {
  if (!isDurableError(error) || error.code === 'INTERNAL') throw error;
}
