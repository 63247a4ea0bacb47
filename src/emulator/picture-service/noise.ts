/** Smooth noise: 0 to 1, the same for the same place and seed. */
export type Noise = (x: number, y: number) => number;

/** Noise of several scales, each finer one `persistence` times as strong. */
export function createNoise(seed: number, octaves: number, persistence = 0.5): Noise {
  return (x, y) => {
    let sum = 0;
    let strength = 1;
    let total = 0;
    for (let octave = 0; octave < octaves; octave += 1) {
      const scale = 2 ** octave;
      sum += strength * smooth(x * scale, y * scale, seed + octave * 101);
      total += strength;
      strength *= persistence;
    }
    return sum / total;
  };
}

/** 0 below `low`, 1 above `high`, and a soft step between. */
export function smoothstep(low: number, high: number, value: number): number {
  const part = Math.min(Math.max((value - low) / (high - low), 0), 1);
  return part * part * (3 - 2 * part);
}

function smooth(x: number, y: number, seed: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const right = ease(x - column);
  const top = lerp(lattice(column, row, seed), lattice(column + 1, row, seed), right);
  const bottom = lerp(lattice(column, row + 1, seed), lattice(column + 1, row + 1, seed), right);
  return lerp(top, bottom, ease(y - row));
}

function lattice(x: number, y: number, seed: number): number {
  let hash = Math.imul(x | 0, 374_761_393) + Math.imul(y | 0, 668_265_263) + Math.imul(seed | 0, 974_634_541);
  hash = Math.imul(hash ^ (hash >>> 13), 1_274_126_177);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_295;
}

function ease(part: number): number {
  return part * part * (3 - 2 * part);
}

function lerp(a: number, b: number, part: number): number {
  return a + (b - a) * part;
}
