/**
 * Time and turns of one small world. Nothing happens in it but what this lets happen, one thing at a time: it performs
 * one statement or fires one timer, then waits until all that follows from it without time is done. So a world is a
 * plain machine: what it does next depends on what it holds, and on nothing hidden in a queue of the language.
 */
import type { Clock } from '../../src/core/index.ts';

interface Timer {
  atMs: number;
  readonly owner: string;
  readonly run: () => void;
}

/** A statement that was issued and is not performed yet. */
interface Request {
  readonly owner: string;
  readonly perform: () => void;
}

export const START_MS = Date.UTC(2026, 10, 22, 4, 0, 0);

export class Scheduler {
  nowMs = START_MS;
  /** In the order in which they fall due; those of one moment in the order in which they were set. */
  readonly #timers: Timer[] = [];
  readonly #ready: Request[] = [];
  readonly #frozen = new Map<string, number>();
  /** Says before each statement whose turn it is; and may throw, to leave the world as it is. @default the first's */
  beforeStep: () => string | undefined = () => undefined;

  /** A clock whose timers are this owner's. */
  clockOf(owner: string, onFire: () => void = () => undefined): Clock {
    return {
      now: () => this.nowMs,
      after: (delayMs, run) =>
        this.at(this.nowMs + Math.max(0, delayMs), owner, () => {
          onFire();
          run();
        }),
    };
  }

  at(atMs: number, owner: string, run: () => void): () => void {
    const timer: Timer = { atMs, owner, run };
    this.#insert(timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  post(owner: string, perform: () => void): void {
    this.#ready.push({ owner, perform });
  }

  /** Ends an owner: neither its timers nor its statements ever come. */
  drop(owner: string): void {
    for (const list of [this.#timers, this.#ready]) {
      for (let index = list.length - 1; index >= 0; index -= 1) if (list[index]?.owner === owner) list.splice(index, 1);
    }
  }

  /** Stops an owner: its timers fire when it thaws. */
  freeze(owner: string, delayMs: number): void {
    this.#frozen.set(owner, this.nowMs + delayMs);
  }

  /** When the owner thaws; undefined where it is not frozen. */
  frozenUntil(owner: string): number | undefined {
    const untilMs = this.#frozen.get(owner);
    return untilMs !== undefined && untilMs > this.nowMs ? untilMs : undefined;
  }

  has(owner: string): boolean {
    return [this.#timers, this.#ready].some((list) => list.some((entry) => entry.owner === owner));
  }

  /** Who else has issued a statement. */
  waiting(owner: string): readonly string[] {
    return [...new Set(this.#ready.map((request) => request.owner))].filter((other) => other !== owner);
  }

  /** All that is to come, in its order. */
  agenda(): string {
    const timers = this.#timers.map(({ atMs, owner }) => `${owner}@${atMs}`).join();
    const frozen = [...this.#frozen].filter(([owner]) => this.frozenUntil(owner)).join();
    return `${this.nowMs};${timers};${this.#ready.map(({ owner }) => owner).join()};${frozen}`;
  }

  /** Moves by `delayMs`, performing and firing what falls due on the way. */
  async advance(delayMs: number): Promise<void> {
    const endMs = this.nowMs + delayMs;
    await settle();
    while (this.#step(endMs)) await settle();
    this.nowMs = endMs;
  }

  /** Goes on as far as it takes until `work` settles; rejects when nothing is left and it still has not. */
  async until<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    work.then(mark, mark);
    await settle();
    while (!settled) {
      if (!this.#step(Infinity)) throw new Error('nothing is left to wait for, and the work has not settled');
      await settle();
    }
    return work;
  }

  #step(endMs: number): boolean {
    if (this.#ready.length > 0) {
      this.#performNext();
      return true;
    }
    const timer = this.#timers[0];
    if (!timer || timer.atMs > endMs) return false;
    this.#timers.shift();
    this.nowMs = Math.max(this.nowMs, timer.atMs);
    const thawsAtMs = this.frozenUntil(timer.owner);
    if (thawsAtMs === undefined) timer.run();
    else this.#insert({ ...timer, atMs: thawsAtMs });
    return true;
  }

  #performNext(): void {
    const chosen = this.beforeStep();
    const index = chosen === undefined ? 0 : this.#ready.findIndex(({ owner }) => owner === chosen);
    const [request] = this.#ready.splice(index, 1);
    if (!request) throw new Error(`"${chosen}" has nothing to do`);
    request.perform();
  }

  #insert(timer: Timer): void {
    const index = this.#timers.findIndex(({ atMs }) => atMs > timer.atMs);
    this.#timers.splice(index < 0 ? this.#timers.length : index, 0, timer);
  }
}

// After setImmediate every microtask has run, however long the chain of promises.
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
