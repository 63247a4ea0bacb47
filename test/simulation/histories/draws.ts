/** Repeatable chance. Every decision has a stream of its own, so that one more draw here moves nothing there. */
export interface Draws {
  /** A number in [0, 1). */
  next(): number;
  chance(probability: number): boolean;
  /** A whole number in [0, below). */
  int(below: number): number;
  between(from: number, to: number): number;
  pick<T>(items: readonly T[]): T;
  /** Log-normal: half of the draws are below `median`. */
  logNormal(median: number, sigma: number): number;
  exponential(mean: number): number;
}

const FNV_PRIME = 16_777_619;

/** A stream that depends on all of these and on nothing else. */
export function createDraws(...names: readonly (string | number)[]): Draws {
  let state = 2_166_136_261;
  for (const name of names) state = mix(state, name);
  return new Stream(state);
}

// A class, since one is made for every statement: its functions are then made once.
class Stream implements Draws {
  #state: number;

  constructor(state: number) {
    this.#state = state;
  }

  next(): number {
    const state = (this.#state + 0x6d2b79f5) >>> 0;
    this.#state = state;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between(from: number, to: number): number {
    return from + (to - from) * this.next();
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)] as T;
  }

  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.#normal());
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}

/** A rolling fingerprint: FNV-1a over numbers (their low 32 bits) and texts. */
export function mix(state: number, value: string | number): number {
  if (typeof value === 'number') return Math.imul(state ^ (value | 0), FNV_PRIME) ^ (state >>> 13);
  let mixed = state;
  for (let at = 0; at < value.length; at += 1) mixed = Math.imul(mixed ^ value.charCodeAt(at), FNV_PRIME);
  return mixed ^ (mixed >>> 15);
}
