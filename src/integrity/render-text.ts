/** The widest line of a report, in columns of a terminal. */
export const COLUMNS = 80;

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f000}-\u{3fffd}]/u;
/** One column or two, as the terminal's font pleases: counted as two. */
const AMBIGUOUS = /[\u00b7\u2014\u2026\u2190-\u21ff\u2264\u2265\u2300-\u23ff\u2600-\u27bf]/u;
const WIDE_MARK = '\ufe0f';

/** The columns that a text takes at most; Chinese characters and emoji take two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (character !== WIDE_MARK) width += WIDE.test(character) || AMBIGUOUS.test(character) ? 2 : 1;
    // It makes the sign before it an emoji, which is wide.
    else width += 1;
  }
  return width;
}

/** A text in lines of at most `COLUMNS`, each after `indent`; broken at spaces, or between Chinese characters. */
export function wrapped(text: string, indent: string): readonly string[] {
  const room = COLUMNS - widthOf(indent);
  const lines: string[] = [];
  let line = '';
  for (const piece of piecesOf(text, room)) {
    if (line !== '' && widthOf(line + piece.trimEnd()) > room) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? piece.trimStart() : piece;
  }
  return [...lines, line].map((each) => indent + each.trimEnd());
}

function piecesOf(text: string, room: number): readonly string[] {
  // A mark of punctuation stays with what stands before it.
  const pieces =
    text.match(/[\u2e80-\ud7ff\uf900-\uffee][，。；：、）》？！]*|[^\s\u2e80-\ud7ff\uf900-\uffee]+\s*|\s+/gu) ?? [];
  return pieces.flatMap((piece) => (widthOf(piece.trimEnd()) > room ? [...piece] : [piece]));
}

const STRANGE = /[\p{C}\p{M}\p{Zl}\p{Zp}]/gu;
const SHOWN_LENGTH = 48;

/**
 * What came out of a document, as it may be printed: without anything that moves a cursor, turns a line round or
 * hides, and no longer than `maxLength` characters.
 */
export function shown(text: string, maxLength = SHOWN_LENGTH): string {
  const clean = text.replaceAll(STRANGE, '?');
  return clean.length > maxLength ? `${clean.slice(0, maxLength - 3)}...` : clean;
}

/** `1,234`; a value that is no number is a dash. */
export function numberText(value: unknown): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return '-';
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** A rate from 0 to 1 as `98.5%`; never rounded up to 100 nor down to 0. */
export function percentText(value: unknown): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return '-';
  if (value > 0 && value < 0.001) return '<0.1%';
  const tenths = value < 1 ? Math.min(Math.round(value * 1_000), 999) : 1_000;
  return `${(tenths / 10).toFixed(1)}%`;
}

const BEIJING_MS = 8 * 3_600_000;

/** A moment in Beijing, as `2026-11-22 12:00`. */
export function momentText(moment: Date): string {
  const atMs = moment.getTime();
  return Number.isNaN(atMs) ? '-' : new Date(atMs + BEIJING_MS).toISOString().slice(0, 16).replace('T', ' ');
}
