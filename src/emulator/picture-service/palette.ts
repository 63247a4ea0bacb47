/** Red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number];

/** The colours of one hour of the day. */
export interface Palette {
  readonly name: string;
  /** From the zenith down to the horizon. */
  readonly sky: readonly [Color, Color, Color];
  readonly light: Color;
  readonly cloud: Color;
  /** What distance turns everything into. */
  readonly haze: Color;
  readonly mountain: Color;
  readonly meadow: Color;
  readonly tree: Color;
  readonly isNight: boolean;
}

/** The hours a picture can show. */
export const PALETTES: readonly Palette[] = [
  {
    name: 'morning',
    sky: [rgb(0x5f9fd6), rgb(0xa9d4ee), rgb(0xfdf1d6)],
    light: rgb(0xfff6d8),
    cloud: rgb(0xffffff),
    haze: rgb(0xdcecf0),
    mountain: rgb(0x3f6f8f),
    meadow: rgb(0x5f9f52),
    tree: rgb(0x23552f),
    isNight: false,
  },
  {
    name: 'sunrise',
    sky: [rgb(0x5a6fb0), rgb(0xf0a6a0), rgb(0xffe0a8)],
    light: rgb(0xfff0b8),
    cloud: rgb(0xffc9bf),
    haze: rgb(0xf9cdb6),
    mountain: rgb(0x6a5a8c),
    meadow: rgb(0x6f7f55),
    tree: rgb(0x2b3b3a),
    isNight: false,
  },
  {
    name: 'sunset',
    sky: [rgb(0x2e2a5e), rgb(0xc2496a), rgb(0xffb35c)],
    light: rgb(0xffe39a),
    cloud: rgb(0xff8f6b),
    haze: rgb(0xf08a63),
    mountain: rgb(0x4c2c5c),
    meadow: rgb(0x44304a),
    tree: rgb(0x1d1430),
    isNight: false,
  },
  {
    name: 'autumn',
    sky: [rgb(0x7fb3c8), rgb(0xcfe0d6), rgb(0xf8e7bd)],
    light: rgb(0xfff3c4),
    cloud: rgb(0xfffaf0),
    haze: rgb(0xead9b5),
    mountain: rgb(0x7a6a78),
    meadow: rgb(0xc08a3e),
    tree: rgb(0xa8401f),
    isNight: false,
  },
  {
    name: 'spring',
    sky: [rgb(0x86bfe6), rgb(0xcfe8f5), rgb(0xfde8ef)],
    light: rgb(0xfffbe6),
    cloud: rgb(0xffffff),
    haze: rgb(0xe9eef5),
    mountain: rgb(0x7f93bd),
    meadow: rgb(0x93c47a),
    tree: rgb(0xd987a8),
    isNight: false,
  },
  {
    name: 'night',
    sky: [rgb(0x0a1030), rgb(0x1d2b5c), rgb(0x52699a)],
    light: rgb(0xf4f1dc),
    cloud: rgb(0x7f90b8),
    haze: rgb(0x44598c),
    mountain: rgb(0x1c2a52),
    meadow: rgb(0x16233f),
    tree: rgb(0x0a1226),
    isNight: true,
  },
];

/** `a` at 0, `b` at 1, and what lies between. */
export function mix(a: Color, b: Color, share: number): Color {
  const part = Math.min(Math.max(share, 0), 1);
  return [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part, a[2] + (b[2] - a[2]) * part];
}

/** A colour as style sheets write it. */
export function css(color: Color): string {
  return `rgb(${color.map((part) => Math.round(part)).join(',')})`;
}

function rgb(hex: number): Color {
  return [(hex >> 16) & 255, (hex >> 8) & 255, hex & 255];
}
