import type { Bitmap } from 'pureimage';
import type { Color } from './palette.ts';

/** Colours single pixels. Stateful, so that a picture's quarter of a million pixels leave no garbage behind. */
export interface Brush {
  /** Moves to a pixel; outside the picture nothing is painted until the next move. */
  moveTo(x: number, y: number): void;
  /** Lays a colour over the pixel: 0 leaves what is there, 1 covers it. */
  cover(color: Color, share: number): void;
  /** Takes over the colour of another pixel. */
  copyFrom(x: number, y: number): void;
}

/** A brush for a picture. */
export function createBrush({ data, width, height }: Bitmap): Brush {
  let start = -1;
  return {
    moveTo(x, y) {
      start = x < 0 || y < 0 || x >= width || y >= height ? -1 : (y * width + x) * 4;
    },
    cover(color, share) {
      if (start < 0) return;
      const red = data[start] ?? 0;
      const green = data[start + 1] ?? 0;
      const blue = data[start + 2] ?? 0;
      data[start] = red + (color[0] - red) * share;
      data[start + 1] = green + (color[1] - green) * share;
      data[start + 2] = blue + (color[2] - blue) * share;
      data[start + 3] = 255;
    },
    copyFrom(x, y) {
      if (start >= 0) data.copyWithin(start, (y * width + x) * 4, (y * width + x) * 4 + 4);
    },
  };
}
