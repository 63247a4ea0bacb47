/** A line of a log; or, of one that is longer than can be held, a part that ends between two words. */
export interface LogPart {
  /** Undefined where the line, from here on, has a word that is too long: it is left out. */
  readonly text: string | undefined;
  /** The line's number, from 1. */
  readonly line: number;
  /** Another part of the same line came before. */
  readonly isRest: boolean;
}

/** A letter of the largest size makes a word of 44 million characters. */
const MAX_CHARS = 64_000_000;

/** Cuts the text of a log into lines, and lines of more than `maxChars` into parts; an export may be one single line. */
export async function* logParts(chunks: AsyncIterable<string>, maxChars = MAX_CHARS): AsyncGenerator<LogPart> {
  let open: Open = { text: '', line: 1, isRest: false };
  for await (const chunk of chunks) {
    const [end = '', ...others] = chunk.split('\n');
    open = yield* extended(open, end, maxChars);
    for (const beginning of others) {
      yield* closed(open);
      open = yield* extended({ text: '', line: open.line + 1, isRest: false }, beginning, maxChars);
    }
  }
  if (open.text !== '' || open.isRest) yield* closed(open);
}

/** What of a line was read and not handed on; without a `text` the rest of it is left out. */
type Open = LogPart;

function* extended({ text, ...open }: Open, more: string, maxChars: number): Generator<LogPart, Open> {
  if (text === undefined || text.length + more.length <= maxChars) {
    return { ...open, text: text === undefined ? undefined : text + more };
  }
  const whole = text + more;
  const end = lastBreakIn(whole);
  if (end === 0) {
    yield { ...open, text: undefined };
    return { ...open, text: undefined, isRest: true };
  }
  yield { ...open, text: whole.slice(0, end) };
  return { ...open, text: whole.slice(end), isRest: true };
}

function* closed({ text, ...open }: Open): Generator<LogPart> {
  if (text !== undefined) yield { ...open, text };
}

const IN_A_WORD = /[\w.-]/;

/** Where the last word begins. */
function lastBreakIn(text: string): number {
  let at = text.length;
  while (at > 0 && IN_A_WORD.test(text.charAt(at - 1))) at -= 1;
  return at;
}
