/**
 * Chance that belongs to a name: the same seed and name give the same draw, whatever was drawn before. So each system
 * meets the same faults at the same statement of the same call, however many statements it makes in all.
 */
export interface Chance {
  /** Uniform in [0, 1). */
  share(...name: readonly (string | number)[]): number;
  /** Lognormal around its median, in whole milliseconds, at least 1. */
  durationMs(median: number, sigma: number, ...name: readonly (string | number)[]): number;
  /** Exponential with this mean, in milliseconds. */
  spanMs(mean: number, ...name: readonly (string | number)[]): number;
}

/** The chance of one seed. */
export function createChance(seed: number): Chance {
  const share = (...name: readonly (string | number)[]): number => uniform(`${seed}|${name.join('|')}`);
  return {
    share,
    durationMs(median, sigma, ...name) {
      const radius = Math.sqrt(-2 * Math.log(1 - share(...name, 'radius')));
      const normal = radius * Math.cos(2 * Math.PI * share(...name, 'angle'));
      return Math.max(1, Math.round(median * Math.exp(sigma * normal)));
    },
    spanMs: (mean, ...name) => -mean * Math.log(1 - share(...name)),
  };
}

// FNV-1a over the characters, then MurmurHash3's finalizer, twice: 53 bits.
function uniform(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  const high = mixed(hash);
  const low = mixed(high ^ 0x9e3779b9 ^ hash);
  return (high * 2 ** 21 + (low >>> 11)) / 2 ** 53;
}

function mixed(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
