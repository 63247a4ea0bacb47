import type { Context } from 'pureimage';
import { paintRidge, ridgeLine } from './backdrop.ts';
import type { Brush } from './brush.ts';
import { css, mix, type Palette } from './palette.ts';
import type { Scene, Tree } from './scene.ts';

/** The steps that paint what stands in front: birds, the near meadow, a house, trees. */
export function detailSteps(context: Context, brush: Brush, scene: Scene): (() => void)[] {
  const { houseX, palette, foreground } = scene;
  const ground = ridgeLine(foreground);
  return [
    () => paintBirds(context, scene),
    () => paintRidge(brush, scene, foreground),
    () => (houseX === null ? undefined : paintHouse(context, { x: houseX, y: ground(houseX) + 5, palette })),
    ...scene.trees.map((tree) => () => {
      const place = { x: tree.x, y: ground(tree.x) + 6, palette };
      if (tree.isPine) paintPine(context, tree, place);
      else paintRoundTree(context, tree, place);
    }),
  ];
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly palette: Palette;
}

function paintPine(context: Context, { size }: Tree, { x, y, palette }: Place): void {
  const dark =
    palette.name === 'spring' || palette.name === 'autumn' ? mix(palette.meadow, [20, 60, 50], 0.7) : palette.tree;
  fillPolygon(context, css(mix(dark, [40, 25, 15], 0.5)), [
    [x - size * 0.03, y],
    [x + size * 0.03, y],
    [x, y - size * 0.5],
  ]);
  for (let tier = 0; tier < 4; tier += 1) {
    const bottom = y - size * (0.1 + tier * 0.2);
    const half = size * (0.24 - tier * 0.045);
    const color = css(mix(dark, palette.meadow, 0.08 + tier * 0.07));
    fillPolygon(context, color, [
      [x - half, bottom],
      [x + half, bottom],
      [x, bottom - size * 0.34],
    ]);
  }
}

function paintRoundTree(context: Context, { size }: Tree, { x, y, palette }: Place): void {
  const trunk = css(mix(palette.tree, [48, 32, 22], 0.65));
  const half = size * 0.035;
  fillPolygon(context, trunk, [
    [x - half, y],
    [x + half, y],
    [x + half * 0.6, y - size * 0.6],
    [x - half * 0.6, y - size * 0.6],
  ]);
  const crown = [
    [0, 0.72, 0.25],
    [-0.17, 0.56, 0.19],
    [0.17, 0.57, 0.19],
    [-0.07, 0.82, 0.17],
    [0.1, 0.8, 0.16],
  ] as const;
  for (const [index, [dx, dy, radius]] of crown.entries()) {
    // Light falls from above: what is painted later lies higher and is brighter.
    fillDisk(context, css(mix(palette.tree, palette.light, 0.03 + index * 0.05)), [
      x + dx * size,
      y - dy * size,
      radius * size,
    ]);
  }
}

function paintHouse(context: Context, { x, y, palette }: Place): void {
  const wall = css(mix([236, 224, 204], palette.mountain, palette.isNight ? 0.75 : 0.2));
  const roof = css(mix([158, 74, 58], palette.tree, palette.isNight ? 0.7 : 0.2));
  const window =
    palette.isNight || palette.name === 'sunset' ? 'rgb(255,214,120)' : css(mix(palette.sky[0], [40, 60, 80], 0.4));
  fillPolygon(context, roof, [
    [x + 12, y - 44],
    [x + 18, y - 44],
    [x + 18, y - 26],
    [x + 12, y - 26],
  ]);
  fillPolygon(context, wall, [
    [x - 22, y],
    [x + 22, y],
    [x + 22, y - 22],
    [x - 22, y - 22],
  ]);
  fillPolygon(context, roof, [
    [x - 28, y - 20],
    [x + 28, y - 20],
    [x + 1, y - 42],
    [x - 1, y - 42],
  ]);
  for (const left of [x - 15, x + 6]) {
    fillPolygon(context, window, [
      [left, y - 16],
      [left + 9, y - 16],
      [left + 9, y - 7],
      [left, y - 7],
    ]);
  }
}

function paintBirds(context: Context, { birds, palette }: Scene): void {
  context.strokeStyle = css(mix(palette.tree, palette.mountain, 0.4));
  context.lineWidth = 1;
  for (const { x, y, span } of birds) {
    for (const side of [-1, 1]) {
      context.beginPath();
      context.moveTo(x, y);
      context.quadraticCurveTo(x + side * span * 0.5, y - span * 0.7, x + side * span, y - span * 0.15);
      context.stroke();
    }
  }
}

type Point = readonly [number, number];

function fillPolygon(context: Context, color: string, points: readonly Point[]): void {
  context.fillStyle = color;
  context.beginPath();
  for (const [index, [x, y]] of points.entries()) {
    if (index === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.closePath();
  context.fill();
}

function fillDisk(context: Context, color: string, [x, y, radius]: readonly [number, number, number]): void {
  context.fillStyle = color;
  context.beginPath();
  context.arc(x, y, radius, 0, Math.PI * 2);
  context.closePath();
  context.fill();
}
