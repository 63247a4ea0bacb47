import Table from 'cli-table3';

export interface TableLayout {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The table is at most this wide: its last column is wrapped. */
  readonly columns: number;
}

const NO_LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
};
const INDENT = 2;
const GAP = 2;
const MIN_LAST = 16;

/** Aligned columns without lines, indented; Chinese characters count two columns. */
export function renderTable({ head, rows, columns }: TableLayout): readonly string[] {
  const all = [head, ...rows].filter((row) => row.length > 0);
  const count = Math.max(0, ...all.map((row) => row.length));
  const widths = Array.from(
    { length: count },
    (_, at) => Math.max(...all.map((row) => cellWidth(row[at] ?? ''))) + GAP,
  );
  const others = widths.slice(0, -1).reduce((sum, width) => sum + width, INDENT);
  const last = Math.min(widths.at(-1) ?? 0, Math.max(MIN_LAST, columns - others));
  const table = new Table({
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
    colWidths: [...widths.slice(0, -1), last + GAP],
  });
  // Wrapped here: the table itself breaks at spaces only, and cuts a Chinese sentence off.
  table.push(...all.map((row) => row.map((cell, at) => (at === count - 1 ? wrap(cell, last).join('\n') : cell))));
  return table
    .toString()
    .split('\n')
    .map((line) => `${' '.repeat(INDENT)}${line}`.trimEnd());
}

const cellWidth = (cell: string): number => Math.max(...cell.split('\n').map(widthOf));

/** A text in lines of at most this many columns: broken at spaces, between Chinese characters, or else anywhere. */
export function wrap(text: string, columns: number): readonly string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, columns));
}

function wrapLine(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of text.match(/[\u2e80-\uffe6][，。；：、）」]*|[^\s\u2e80-\uffe6]+[，。；：、）」]*\s*|\s+/gu) ??
    []) {
    if (line !== '' && widthOf(line + piece.trimEnd()) > columns) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += piece;
    while (widthOf(line.trimEnd()) > columns) {
      lines.push(line.slice(0, columns));
      line = line.slice(columns);
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line.trimEnd()];
}

/** Columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += isWide(character.codePointAt(0) ?? 0) ? 2 : 1;
  return width;
}

// CJK and full-width forms, and the emoji that results use.
function isWide(code: number): boolean {
  return (code >= 0x2e80 && code <= 0xd7ff) || (code >= 0xf900 && code <= 0xffe6) || isEmoji(code);
}

const isEmoji = (code: number): boolean => code >= 0x1f300 || [0x2705, 0x274c, 0x2753, 0x2795, 0x23f3].includes(code);
