import { createSequence } from '../sequence.ts';
import type { Brush } from './brush.ts';
import { createNoise, smoothstep } from './noise.ts';
import { mix, type Color } from './palette.ts';
import type { Ridge, Scene } from './scene.ts';

const WHITE: Color = [255, 255, 255];

/**
 * The steps that paint what fills the picture: sky, light, clouds, mountains, water. Pixel by pixel, because the
 * library needs some hundred milliseconds for one large gradient; in steps, so that requests are served in between.
 */
export function backdropSteps(brush: Brush, scene: Scene): (() => void)[] {
  const { palette, waterY, ridges } = scene;
  return [
    () => paintSky(brush, scene),
    () => (palette.isNight ? paintStars(brush, scene) : undefined),
    () => paintSun(brush, scene),
    () => paintClouds(brush, scene),
    ...ridges.map((ridge) => () => paintRidge(brush, scene, ridge)),
    () => (waterY === null ? undefined : paintWater(brush, scene, waterY)),
  ];
}

/** Height of a line of hills at `x`, in pixels from the top. */
export function ridgeLine({ y, height, roughness, seed }: Ridge): (x: number) => number {
  const noise = createNoise(seed, 6, roughness);
  return (x) => y - (noise(x / 150, 0) - 0.5) * 2 * height;
}

/** Deeper than this below its middle a far ridge is hidden behind the next one. */
const VISIBLE_DEPTH = 150;

/** Paints a line of hills; distance turns it into haze, and so does the mist at its foot. */
export function paintRidge(brush: Brush, { palette, size }: Scene, ridge: Ridge): void {
  const { nearness } = ridge;
  const crest = ridgeLine(ridge);
  const shades = shadesOf(palette, nearness);
  const grain = createNoise(ridge.seed + 7, 2);
  const bottom = nearness < 0.7 ? Math.min(Math.ceil(ridge.y + VISIBLE_DEPTH), size) : size;
  for (let x = 0; x < size; x += 1) {
    const top = crest(x);
    for (let y = Math.max(Math.floor(top), 0); y < bottom; y += 1) {
      brush.moveTo(x, y);
      brush.cover(
        shades[Math.min(Math.max(Math.floor(y - top), 0), shades.length - 1)] ?? WHITE,
        Math.min(y + 1 - top, 1),
      );
      if (nearness < 0.5) continue;
      const light = (grain(x / 26, y / 11) - 0.5) * 0.16 * nearness;
      brush.cover(light > 0 ? palette.light : palette.tree, Math.abs(light));
    }
  }
}

/** The colours of a slope, from its crest downwards. */
function shadesOf(palette: Scene['palette'], nearness: number): readonly Color[] {
  const ground = mix(palette.mountain, palette.meadow, smoothstep(0.5, 0.95, nearness));
  const body = mix(palette.haze, ground, 0.18 + nearness * 0.82);
  const foot = mix(body, palette.haze, 0.55 * (1 - nearness * 0.75));
  return Array.from({ length: 91 }, (_, depth) => mix(body, foot, depth / 90));
}

function paintSky(brush: Brush, { palette, sun, size }: Scene): void {
  const [zenith, middle, horizon] = palette.sky;
  for (let y = 0; y < size; y += 1) {
    const height = y / 330;
    const base = height < 0.5 ? mix(zenith, middle, height * 2) : mix(middle, horizon, height * 2 - 1);
    for (let x = 0; x < size; x += 1) {
      const distance = ((x - sun.x) ** 2 + (y - sun.y) ** 2) / sun.radius ** 2;
      brush.moveTo(x, y);
      brush.cover(base, 1);
      brush.cover(palette.light, palette.isNight ? 0.35 / (1 + distance * 0.35) : 0.7 / (1 + distance * 0.1));
    }
  }
}

const CROSS = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
] as const;

function paintStars(brush: Brush, { seed, size, palette }: Scene): void {
  const next = createSequence(seed + 1);
  for (let count = 0; count < 170; count += 1) {
    const x = Math.floor(next() * size);
    const y = Math.floor(next() * next() * 330);
    const brightness = 0.25 + next() * 0.75;
    brush.moveTo(x, y);
    brush.cover(palette.light, brightness);
    if (brightness < 0.9) continue;
    for (const [dx, dy] of CROSS) {
      brush.moveTo(x + dx, y + dy);
      brush.cover(palette.light, 0.35);
    }
  }
}

function paintSun(brush: Brush, { palette, sun }: Scene): void {
  const reach = Math.ceil(sun.radius) + 1;
  const craters = createNoise(3, 3);
  for (let dy = -reach; dy <= reach; dy += 1) {
    for (let dx = -reach; dx <= reach; dx += 1) {
      const inside = smoothstep(-0.7, 0.7, sun.radius - Math.sqrt(dx * dx + dy * dy));
      const spots = smoothstep(0.48, 0.75, craters(dx / 14 + 50, dy / 14 + 50)) * 0.3;
      const color = palette.isNight ? mix(palette.light, palette.cloud, spots) : mix(palette.light, WHITE, 0.35);
      brush.moveTo(Math.round(sun.x + dx), Math.round(sun.y + dy));
      brush.cover(color, inside);
    }
  }
}

function paintClouds(brush: Brush, { palette, seed, cloudiness, size }: Scene): void {
  const noise = createNoise(seed + 3, 4, 0.55);
  const strength = palette.isNight ? 0.4 : 0.85;
  for (let y = 0; y < 300; y += 1) {
    // Thinner towards the zenith and the horizon.
    const band = Math.sin((Math.PI * y) / 300) * strength;
    for (let x = 0; x < size; x += 1) {
      const cover = smoothstep(0.66 - cloudiness * 0.2, 0.86 - cloudiness * 0.1, noise(x / 150, y / 52));
      if (cover === 0) continue;
      brush.moveTo(x, y);
      brush.cover(palette.cloud, cover * band);
    }
  }
}

/** A mirror image with ripples that grow towards the shore in front. */
function paintWater(brush: Brush, { palette, size, seed }: Scene, waterY: number): void {
  const ripples = createNoise(seed + 5, 3);
  for (let y = waterY; y < size; y += 1) {
    const depth = (y - waterY) / (size - waterY);
    for (let x = 0; x < size; x += 1) {
      const wave = ripples(x / 34, y / (3 + depth * 5)) - 0.5;
      const mirrored = Math.round(2 * waterY - y + wave * (4 + depth * 26)) - 1;
      brush.moveTo(x, y);
      brush.copyFrom(x, Math.min(Math.max(mirrored, 0), waterY - 1));
      brush.cover(palette.sky[0], 0.16 + depth * 0.2);
      if (wave > 0.16) brush.cover(palette.light, (wave - 0.16) * 1.3);
    }
  }
}
