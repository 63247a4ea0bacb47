/**
 * Faults between one running function and the database, storage and image service. Each statement of a
 * function is a step with a number; a plan says what happens at which step. The function under test sees what
 * the SDK's adapter would show it; what really happened is known here only.
 */
import { DurableError } from '../../src/core/index.ts';
import type { Blobs, Store } from '../../src/store/index.ts';
import type { TestClock } from '../support/test-clock.ts';
import { storeThrough } from '../support/store-through.ts';

export const FAULTS = [
  'lost', // the request never arrived
  'answer-lost', // it took effect, and the answer never arrived
  'late', // it takes effect after the caller has given up
  'very-late', // … a day after
  'killed-before', // the function dies before the step takes effect
  'killed-after', // … and after
  'frozen-before', // the function stops for ten minutes before the step, then goes on
  'frozen-after',
  'works-down', // from this step on the function cannot reach `works`
  'database-down', // … nor any collection
  'storage-down',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface Placement {
  readonly step: number;
  readonly fault: Fault;
}

const LATE_MS = 90_000;
/** Longer than a day: after what was unknown was given up. */
const VERY_LATE_MS = 26 * 3_600_000;
const FREEZE_MS = 600_000;

/** Counts the steps of a whole story, over all its functions, and says what goes wrong at each. */
export class FaultPlan {
  readonly placements: readonly Placement[];
  readonly steps: string[] = [];
  worksDown = false;
  databaseDown = false;
  storageDown = false;
  /** Faults are over: everything works again. */
  healed = false;
  readonly veryLateMs: number;

  constructor(placements: readonly Placement[], veryLateMs = VERY_LATE_MS) {
    this.placements = placements;
    this.veryLateMs = veryLateMs;
  }

  begin(step: string): Fault | undefined {
    if (this.healed) return undefined;
    const number = this.steps.length;
    this.steps.push(step);
    const fault = this.placements.find((placement) => placement.step === number)?.fault;
    if (fault === 'works-down') this.worksDown = true;
    if (fault === 'database-down') this.databaseDown = true;
    if (fault === 'storage-down') this.storageDown = true;
    return fault;
  }

  isDown(kind: 'database' | 'storage' | 'provider', collection: string): boolean {
    if (this.healed) return false;
    if (kind === 'storage') return this.storageDown;
    return kind === 'database' && (this.databaseDown || (this.worksDown && collection === 'works'));
  }

  heal(): void {
    this.healed = true;
  }
}

const never = new Promise<never>(() => undefined);

/** One running function instance: it can be killed and frozen. */
export class Instance {
  dead = false;
  readonly #clock: TestClock;
  readonly #plan: FaultPlan;

  constructor(clock: TestClock, plan: FaultPlan) {
    this.#clock = clock;
    this.#plan = plan;
  }

  async run<T>(
    step: { kind: 'database' | 'storage' | 'provider'; name: string; collection?: string },
    effect: () => Promise<T>,
  ): Promise<T> {
    if (this.dead) return never;
    const fault = this.#plan.begin(`${step.name} ${step.collection ?? ''}`);
    if (this.#plan.isDown(step.kind, step.collection ?? '')) throw unavailable();
    switch (fault) {
      case 'lost':
        throw uncertain();
      case 'answer-lost':
        await effect();
        throw uncertain();
      case 'late':
      case 'very-late':
        this.#clock.after(
          fault === 'late' ? LATE_MS : this.#plan.veryLateMs,
          () => void effect().catch(() => undefined),
        );
        throw uncertain();
      case 'killed-before':
      case 'killed-after':
        this.dead = true;
        if (fault === 'killed-after') await effect();
        return never;
      case 'frozen-before':
        await this.#freeze();
        return effect();
      case 'frozen-after': {
        const value = await effect();
        await this.#freeze();
        return value;
      }
      default: {
        const value = await effect();
        return this.dead ? never : value;
      }
    }
  }

  #freeze(): Promise<void> {
    return new Promise((resolve) => this.#clock.after(FREEZE_MS, resolve));
  }
}

function uncertain(): DurableError {
  return new DurableError('STORE_UNCERTAIN', 'planned: no answer was seen');
}

function unavailable(): DurableError {
  return new DurableError('STORE_UNAVAILABLE', 'planned: down');
}

/** The store as this instance reaches it. */
export function faultyStore(store: Store, instance: Instance): Store {
  return storeThrough(store, ({ op, collection }, effect) =>
    instance.run({ kind: 'database', name: op, collection }, effect),
  );
}

/** The files as this instance reaches them. */
export function faultyBlobs(blobs: Blobs, instance: Instance): Blobs {
  const through = <T>(name: string, effect: () => Promise<T>): Promise<T> =>
    instance.run({ kind: 'storage', name }, effect);
  return {
    put: (name, bytes) => through('put', () => blobs.put(name, bytes)),
    get: (fileId) => through('get-file', () => blobs.get(fileId)),
    exists: (fileIds) => through('exists', () => blobs.exists(fileIds)),
    temporaryUrls: (fileIds) => through('urls', () => blobs.temporaryUrls(fileIds)),
    remove: (fileIds) => through('remove-files', () => blobs.remove(fileIds)),
    // The prefix is known after the first upload of an instance; counting it would only repeat `put`.
    fileId: (name) => blobs.fileId(name),
  };
}
