/** The few styles that results use. */
const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

export type Style = keyof typeof STYLES;

/** Puts a style on a text, or leaves it alone. */
export type Paint = (style: Style, text: string) => string;

/**
 * Whether this stream may be coloured: `FORCE_COLOR` says yes (`0` says no), else `NO_COLOR` says no, else a terminal
 * that is not `dumb` is. `CI` says nothing about it.
 */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM } = env;
  if (forced) return forced !== '0' && forced !== 'false';
  return !refused && stream.isTTY === true && TERM !== 'dumb';
}

/** Paints where that is wanted. */
export function createPaint(hasColour: boolean): Paint {
  if (!hasColour) return (_style, text) => text;
  return (style, text) => `\u001b[${STYLES[style][0]}m${text}\u001b[${STYLES[style][1]}m`;
}
