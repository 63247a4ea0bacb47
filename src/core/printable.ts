// Control characters of both kinds (U+009B begins a terminal's commands as ESC [ does, U+0085 breaks lines), line and
// paragraph separators, and what turns the direction of writing.
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/**
 * A text that somebody else chose, fit to stand in a line: what would move a cursor, break the line or turn its
 * direction is written out, as `\u001b`. `spared` says of what it keeps; a line of JSON means the same afterwards.
 */
export function printable(text: string, spared: (character: string) => boolean = () => false): string {
  return text.replace(UNSAFE, (character) => (spared(character) ? character : escaped(character)));
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
