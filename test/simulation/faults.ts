/**
 * Faults between one running function and the database, storage and image service. Each statement of a
 * function is a step with a number; a plan says what happens at which step. The function under test sees what
 * the SDK's adapter would show it; what really happened is known here only.
 */
import { canonicalJson, DurableError, isDurableError, type Clock } from '../../src/core/index.ts';
import type { Blobs, Store } from '../../src/store/index.ts';
import { storeThrough } from '../support/store-through.ts';
import { digestOf } from './digest.ts';
import type { Scheduler } from './scheduler.ts';

export const FAULTS = [
  'lost', // the request never arrived
  'answer-lost', // it took effect, and the answer never arrived
  'late', // it takes effect after the caller has given up
  'very-late', // … a day after
  'killed-before', // the function dies before the step takes effect
  'killed-after', // … and after
  'frozen-before', // the function stops for ten minutes before the step, then goes on
  'frozen-after',
  'works-down', // from this step on nobody can reach `works`
  'database-down', // … nor any collection
  'storage-down',
] as const;
export type Fault = (typeof FAULTS)[number];

/** What a plan says of one step: what goes wrong at it, or whose turn it is. */
export type Placement =
  { readonly step: number; readonly fault: Fault } | { readonly step: number; readonly next: string };

const LATE_MS = 90_000;
/** Longer than a day: after what was unknown was given up. */
const VERY_LATE_MS = 26 * 3_600_000;
const FREEZE_MS = 600_000;

export interface Statement {
  readonly kind: 'database' | 'storage' | 'provider';
  readonly name: string;
  readonly collection?: string;
  /** What is asked; late ones are told apart by it. */
  readonly body?: unknown;
}

/** Statements that change nothing: whether and when they arrive makes no difference but to who waits for them. */
const READS: ReadonlySet<string> = new Set(['get', 'count', 'group', 'twins', 'page', 'get-file', 'exists', 'urls']);

/** A step as it was taken. */
export interface Step {
  readonly words: string;
  readonly isRead: boolean;
  /** Who else could have gone. */
  readonly others: readonly string[];
}

/** Counts the steps of a whole story, over all its functions, and says what goes wrong at each. */
export class FaultPlan {
  readonly placements: readonly Placement[];
  readonly steps: Step[] = [];
  worksDown = false;
  databaseDown = false;
  storageDown = false;
  /** Nothing goes wrong, and steps do not count: before faults begin, and when they are over. */
  isQuiet = false;
  readonly veryLateMs: number;

  constructor(placements: readonly Placement[], veryLateMs = VERY_LATE_MS) {
    this.placements = placements;
    this.veryLateMs = veryLateMs;
  }

  /** Whose turn it is at the next step. */
  next(): string | undefined {
    if (this.isQuiet) return undefined;
    for (const placement of this.placements) {
      if (placement.step === this.steps.length && 'next' in placement) return placement.next;
    }
    return undefined;
  }

  begin(statement: Statement, others: readonly string[]): Fault | undefined {
    if (this.isQuiet) return undefined;
    const number = this.steps.length;
    const words = `${statement.name} ${statement.collection ?? statement.kind}`;
    this.steps.push({ words, isRead: READS.has(statement.name), others });
    let fault: Fault | undefined;
    for (const placement of this.placements) {
      if (placement.step === number && 'fault' in placement) ({ fault } = placement);
    }
    if (fault === 'works-down') this.worksDown = true;
    if (fault === 'database-down') this.databaseDown = true;
    if (fault === 'storage-down') this.storageDown = true;
    return fault;
  }

  isDown({ kind, collection }: Statement): boolean {
    if (kind === 'storage') return this.storageDown;
    return kind === 'database' && (this.databaseDown || (this.worksDown && collection === 'works'));
  }

  /** Faults are over: everything works again. */
  heal(): void {
    this.isQuiet = true;
    this.worksDown = this.databaseDown = this.storageDown = false;
  }
}

const never = new Promise<never>(() => undefined);

/** One running function instance: it can be killed and frozen. */
export class Instance {
  readonly name: string;
  readonly clock: Clock;
  isDead = false;
  /** Whether the function has answered. */
  isOver = false;
  readonly #scheduler: Scheduler;
  readonly #plan: FaultPlan;
  #issued = 0;
  #history: string;
  /** What it saw and is not in the history yet. */
  readonly #seen: unknown[][] = [];

  constructor(name: string, scheduler: Scheduler, plan: FaultPlan) {
    this.name = name;
    this.#history = `${name}@${scheduler.nowMs}`;
    this.#scheduler = scheduler;
    this.#plan = plan;
    this.clock = scheduler.clockOf(name, () => this.#see('timer'));
  }

  /** All it has seen, in a few characters; undefined for one of which nothing more is to come. */
  history(): string | undefined {
    if (this.isDead || (this.isOver && !this.#scheduler.has(this.name))) return undefined;
    for (const seen of this.#seen.splice(0)) this.#history = digestOf(`${this.#history};${seen.map(textOf).join()}`);
    return `${this.name}:${this.#history}`;
  }

  run<T>(statement: Statement, effect: () => Promise<T>): Promise<T> {
    if (this.isDead) return never;
    const number = this.#issued++;
    return new Promise((resolve, reject) => {
      this.#scheduler.post(this.name, () => {
        const answer = this.#perform(statement, effect);
        void answer.then(
          (value) => this.#deliver(() => (this.#see(number, value), resolve(value))),
          (error: Error) => this.#deliver(() => (this.#see(number, error), reject(error))),
        );
      });
    });
  }

  #see(...seen: readonly unknown[]): void {
    this.#seen.push([this.#scheduler.nowMs, ...seen]);
  }

  #deliver(tell: () => void): void {
    if (this.isDead) return;
    const thawsAtMs = this.#scheduler.frozenUntil(this.name);
    if (thawsAtMs === undefined) tell();
    else this.#scheduler.at(thawsAtMs, this.name, tell);
  }

  async #perform<T>(statement: Statement, effect: () => Promise<T>): Promise<T> {
    const fault = this.#plan.begin(statement, this.#scheduler.waiting(this.name));
    if (this.#plan.isDown(statement)) throw unavailable();
    switch (fault) {
      case 'lost':
        throw uncertain();
      case 'answer-lost':
        await effect();
        throw uncertain();
      case 'late':
        this.#arriveLater(statement, LATE_MS, effect);
        throw uncertain();
      case 'very-late':
        this.#arriveLater(statement, this.#plan.veryLateMs, effect);
        throw uncertain();
      case 'killed-before':
      case 'killed-after':
        this.isDead = true;
        this.#scheduler.drop(this.name);
        if (fault === 'killed-after') await effect();
        return never;
      case 'frozen-before':
        await this.#freeze();
        return effect();
      case 'frozen-after':
        this.#scheduler.freeze(this.name, FREEZE_MS);
        return effect();
      default:
        return effect();
    }
  }

  #arriveLater({ name, collection, body }: Statement, delayMs: number, effect: () => Promise<unknown>): void {
    if (READS.has(name)) return;
    const owner = `late ${name} ${collection ?? ''} ${digestOf(textOf(body))}`;
    this.#scheduler.at(this.#scheduler.nowMs + delayMs, owner, () => void effect().catch(() => undefined));
  }

  // What the function's own timers have to say at the thaw comes before the answer to what it sends only then.
  #freeze(): Promise<void> {
    this.#scheduler.freeze(this.name, FREEZE_MS);
    const thawsAtMs = this.#scheduler.nowMs + FREEZE_MS;
    return new Promise((resolve) => {
      this.#scheduler.at(thawsAtMs, this.name, () => {
        this.#scheduler.at(thawsAtMs, this.name, resolve);
      });
    });
  }
}

function textOf(value: unknown): string {
  if (value instanceof Set) return textOf([...value]);
  if (value instanceof Map) return textOf([...value]);
  if (value instanceof Uint8Array) return digestOf(value);
  if (isDurableError(value)) return value.code;
  if (value instanceof Error) return String(value);
  return value === undefined ? '' : canonicalJson(value);
}

function uncertain(): DurableError {
  return new DurableError('STORE_UNCERTAIN', 'planned: no answer was seen');
}

function unavailable(): DurableError {
  return new DurableError('STORE_UNAVAILABLE', 'planned: down');
}

/** The store as this instance reaches it. */
export function faultyStore(store: Store, instance: Instance): Store {
  return storeThrough(store, ({ op, collection, body }, effect) =>
    instance.run({ kind: 'database', name: op, collection, body }, effect),
  );
}

/** The files as this instance reaches them. */
export function faultyBlobs(blobs: Blobs, instance: Instance): Blobs {
  const through = <T>(name: string, body: unknown, effect: () => Promise<T>): Promise<T> =>
    instance.run({ kind: 'storage', name, body }, effect);
  return {
    put: (name, bytes) => through('put', [name, digestOf(bytes)], () => blobs.put(name, bytes)),
    get: (fileId) => through('get-file', fileId, () => blobs.get(fileId)),
    exists: (fileIds) => through('exists', fileIds, () => blobs.exists(fileIds)),
    temporaryUrls: (fileIds) => through('urls', fileIds, () => blobs.temporaryUrls(fileIds)),
    remove: (fileIds) => through('remove-files', fileIds, () => blobs.remove(fileIds)),
    // The prefix is known after the first upload of an instance; counting it would only repeat `put`.
    fileId: (name) => blobs.fileId(name),
  };
}
