import type { Paint, Style } from './style.ts';

const STYLES: readonly (readonly [mark: string, style: Style])[] = [
  ['❌', 'red'],
  ['⚠️', 'yellow'],
  ['❓', 'yellow'],
  ['✅', 'green'],
  ['📋', 'bold'],
];

/** A rendered report in lines, those that begin with a mark in its colour. */
export function paintReport(text: string, paint: Paint): readonly string[] {
  return text.split('\n').map((line) => {
    const [, style] = STYLES.find(([mark]) => line.trimStart().startsWith(mark)) ?? [];
    return style ? paint(style, line) : line;
  });
}
