/** One job over the memory store and the test clock: a walk over a few pages, whose visits are the truth. */
import { createDeadline } from '../../src/core/index.ts';
import { createRetrier } from '../../src/durable/retrier.ts';
import { createJobs, type Job, type Jobs, type Outcome, type RunOptions, type Task } from '../../src/jobs/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { Document, Store } from '../../src/store/index.ts';
import { memoryLog, seededRandom } from '../support/ports.ts';
import { createTestClock, type TestClock } from '../support/test-clock.ts';

/** Noon of a Sunday in Beijing. */
export const START_MS = Date.UTC(2026, 10, 22, 4);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** The time limit of a firing. */
export const LIMIT_MS = 60_000;

export const DAILY: Job = {
  name: 'walk',
  version: 1,
  schedule: { kind: 'daily', hour: 12, minute: 0 },
};

export interface WalkOptions {
  readonly job?: Job;
  /** @default 5 */
  readonly pages?: number;
  /** Pages a run has time for. @default all */
  readonly perRun?: number;
  /** Called with each page before it counts as visited. */
  readonly meet?: (page: number) => void;
}

/** A walk that saves after each page; `visits` names the pages in the order in which they were visited. */
export function createWalk({ job = DAILY, pages = 5, perRun = pages, meet }: WalkOptions = {}) {
  const visits: number[] = [];
  const task: Task<{ next: number }> = {
    job,
    readCheckpoint: (stored) => {
      const next = (stored as { next?: unknown } | null)?.next;
      return typeof next === 'number' ? { next } : undefined;
    },
    async work({ checkpoint, save }) {
      const first = checkpoint?.next ?? 0;
      const end = Math.min(pages, first + perRun);
      for (let page = first; page < end; page += 1) {
        meet?.(page);
        visits.push(page);
        if (page + 1 < end) await save({ next: page + 1 });
      }
      return { ...(end < pages ? { checkpoint: { next: end } } : {}), summary: { visited: end - first } };
    },
  };
  return { task, visits };
}

/** What an instance stands on, where it is not what all stand on. */
export interface Ground {
  readonly through?: Store;
  readonly clock?: TestClock;
}

export type Scene = ReturnType<typeof createScene>;

/** An empty table, and instances that fire over it; what stands between an instance and the store is its own matter. */
export function createScene({ collections = ['durable_jobs'] }: { readonly collections?: readonly string[] } = {}) {
  const clock = createTestClock(START_MS);
  const store = createMemoryStore(collections);
  const log = memoryLog();
  const random = seededRandom(1);
  const jobsOver = (through: Store, at: TestClock): Jobs => {
    const retrier = createRetrier({ clock: at, random, log });
    return createJobs({
      store: through,
      clock: at,
      random,
      log,
      async attempt(deadline, run) {
        const tried = await retrier.attempt({ key: 'durable_jobs', deadline }, (timeoutMs) =>
          run({ timeoutMs, deadline }),
        );
        if (tried.ok) return tried.value;
        throw tried.error;
      },
    });
  };
  const start = async <C>(task: Task<C>, options: Partial<RunOptions> = {}, on: Ground = {}): Promise<Outcome> => {
    const { through = store, clock: at = clock } = on;
    const jobs = jobsOver(through, at);
    const deadline = createDeadline(at, at.now() + LIMIT_MS);
    return jobs.run(await jobs.read(deadline), task, { deadline, ...options });
  };
  return {
    clock,
    store,
    log,
    jobsOver,
    start,
    /** One firing to its end. */
    fire: <C>(task: Task<C>, options?: Partial<RunOptions>, through?: Store) =>
      clock.until(start(task, options, through ? { through } : {})),
    row: (name = DAILY.name): Document | undefined => store.dump('durable_jobs').find(({ _id }) => _id === name),
    change: (set: Readonly<Record<string, never>>, name = DAILY.name) =>
      store.update('durable_jobs', { id: name }, { set }),
    events: () => log.lines.map(({ event }) => event).filter((event) => event.startsWith('job.')),
  };
}

/** What one statement of an instance meets. */
export type Fault = 'killed before' | 'killed after' | 'answer lost' | 'refused' | 'answer lost, arrives after the run';

export interface Faulty {
  readonly store: Store;
  /** Resolves when the instance is killed. */
  readonly killed: Promise<'killed'>;
  /** How many statements were begun. */
  count(): number;
  /** Lets arrive what was still under way. */
  deliver(): Promise<void>;
}

/** The store as one instance sees it, with one fault at its `at`-th statement (from 0). */
export function createFaultyStore(store: Store, at: number, fault: Fault, fail: (code: string) => Error): Faulty {
  let met = 0;
  let isDead = false;
  let die: (word: 'killed') => void = () => undefined;
  const killed = new Promise<'killed'>((resolve) => {
    die = resolve;
  });
  const late: (() => Promise<unknown>)[] = [];
  const never = new Promise<never>(() => undefined);
  const kill = (): Promise<never> => {
    isDead = true;
    die('killed');
    return never;
  };
  const meet = async (effect: () => Promise<unknown>): Promise<unknown> => {
    if (isDead) return never;
    met += 1;
    if (met - 1 !== at) return effect();
    if (fault === 'killed before') return kill();
    if (fault === 'refused') throw fail('STORE_UNAVAILABLE');
    if (fault === 'answer lost, arrives after the run') late.push(effect);
    else await effect();
    if (fault === 'killed after') return kill();
    throw fail('STORE_UNCERTAIN');
  };
  const faulty = new Proxy(store, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return (...args: readonly unknown[]) => meet(() => Reflect.apply(method, target, args) as Promise<unknown>);
    },
  });
  return {
    store: faulty,
    killed,
    count: () => met,
    async deliver() {
      for (const effect of late.splice(0)) await effect();
    },
  };
}
