import type { Clock } from '../../../src/core/index.ts';
import type { SimClock } from './sim-clock.ts';

/**
 * One instance of a cloud function: a process with a clock of its own, which the platform stops when it has nothing to
 * do, and which faults kill and freeze. Whatever comes back to it from outside passes through `enter`.
 */
export class Machine {
  readonly number: number;
  /** How far its clock is off. */
  skewMs = 0;
  isDead = false;
  /** Killed, frozen or set wrong since then; the platform's own stops do not count. */
  isDisturbed = false;
  readonly clock: Clock;
  /** Places that a breaker in it knows to be down. */
  readonly knownDown = new Set<string>();
  readonly #sim: SimClock;
  #stops = 0;
  #waiting: (() => void)[] = [];
  #onDeath: (() => void)[] = [];

  constructor(number: number, sim: SimClock) {
    this.number = number;
    this.#sim = sim;
    this.clock = {
      now: () => sim.now() + this.skewMs,
      after: (delayMs, run) => sim.after(delayMs, () => this.enter(run)),
    };
  }

  /** Whether nothing happens in it just now. */
  get isStopped(): boolean {
    return this.#stops > 0;
  }

  /** Runs it now, when the machine goes on, or never. */
  enter(run: () => void): void {
    if (this.isDead) return;
    if (this.#stops > 0) this.#waiting.push(run);
    else run();
  }

  /** Kills it; what it sent may still arrive. */
  kill(): void {
    this.isDisturbed = true;
    this.isDead = true;
    this.#waiting = [];
    for (const tell of this.#onDeath) this.#sim.after(0, tell);
  }

  onDeath(tell: () => void): void {
    this.#onDeath.push(tell);
  }

  /** Stops it for so long; it notices nothing but the clock. */
  freeze(forMs: number): void {
    this.isDisturbed = true;
    this.stop();
    this.#sim.after(forMs, () => this.resume());
  }

  stop(): void {
    this.#stops += 1;
  }

  resume(): void {
    this.#stops -= 1;
    if (this.#stops > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    // Each in a turn of its own, and chance decides which goes first.
    for (const run of waiting) this.#sim.after(0, () => this.enter(run));
  }

  setClock(skewMs: number): void {
    this.isDisturbed = true;
    this.skewMs = skewMs;
  }
}
