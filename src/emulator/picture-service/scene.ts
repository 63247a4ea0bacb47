import { createSequence } from '../sequence.ts';
import { PALETTES, type Palette } from './palette.ts';

/** A line of hills from edge to edge. */
export interface Ridge {
  /** Height of its middle, in pixels from the top. */
  readonly y: number;
  readonly height: number;
  readonly roughness: number;
  readonly seed: number;
  /** 0 far away, 1 in front. */
  readonly nearness: number;
}

export interface Tree {
  readonly x: number;
  readonly size: number;
  readonly isPine: boolean;
}

/** Everything in a picture, decided before the first pixel. */
export interface Scene {
  readonly size: number;
  readonly seed: number;
  readonly palette: Palette;
  readonly sun: { readonly x: number; readonly y: number; readonly radius: number };
  readonly cloudiness: number;
  readonly ridges: readonly Ridge[];
  readonly foreground: Ridge;
  /** Height of the lake's surface, or null where there is none. */
  readonly waterY: number | null;
  readonly trees: readonly Tree[];
  readonly birds: readonly { readonly x: number; readonly y: number; readonly span: number }[];
  readonly houseX: number | null;
}

const SIZE = 512;

/** The scene that belongs to a hash: the same one every time. */
export function planScene(hash: string): Scene {
  const seed = Number.parseInt(hash.slice(0, 8), 16);
  const next = createSequence(seed);
  const between = (low: number, high: number) => low + (high - low) * next();
  const palette = PALETTES[Math.floor(next() * PALETTES.length)] ?? PALETTES[0];
  if (palette === undefined) throw new Error('there is no palette');
  const hasLake = next() < 0.55;
  return {
    size: SIZE,
    seed,
    palette,
    sun: { x: between(90, 422), y: between(85, palette.isNight ? 150 : 215), radius: between(22, 36) },
    cloudiness: between(0.25, 0.75),
    ridges: planRidges(between),
    foreground: {
      y: hasLake ? 478 : between(405, 430),
      height: 26,
      roughness: 0.35,
      seed: between(1, 1e6),
      nearness: 1,
    },
    waterY: hasLake ? Math.round(between(352, 372)) : null,
    trees: planTrees(between, next),
    birds: planBirds(between, palette.isNight ? 0 : Math.floor(next() * 6)),
    houseX: next() < 0.5 ? between(110, 400) : null,
  };
}

type Between = (low: number, high: number) => number;

function planRidges(between: Between): Ridge[] {
  return [0, 1, 2, 3].map((index) => ({
    y: 232 + index * 36 + between(-10, 10),
    height: 96 - index * 19,
    roughness: 0.62 - index * 0.09,
    seed: between(1, 1e6),
    nearness: 0.12 + index * 0.21,
  }));
}

function planTrees(between: Between, next: () => number): Tree[] {
  const pineShare = next();
  const trees = Array.from({ length: 13 }, () => ({
    // Groups at the sides leave the view open.
    x: next() < 0.5 ? between(-10, 190) : between(322, 522),
    size: between(34, 92),
    isPine: next() < pineShare,
  }));
  return trees.sort((a, b) => a.size - b.size);
}

function planBirds(between: Between, count: number): Scene['birds'] {
  const [x, y] = [between(120, 360), between(70, 170)];
  return Array.from({ length: count }, () => ({
    x: x + between(-60, 60),
    y: y + between(-28, 28),
    span: between(5, 10),
  }));
}
