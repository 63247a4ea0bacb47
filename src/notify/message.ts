import type { Alert, AlertState, Severity } from './alert.ts';
import { texts, type Language } from './texts.ts';

/** One message about everything that a run has to tell; plain text, no robot's markup. */
export interface Message {
  readonly title: string;
  readonly items: readonly MessageItem[];
  /** What stands in place of lines that had no room. */
  more(lines: number): string;
}

export interface MessageItem {
  readonly heading: string;
  readonly lines: readonly string[];
}

/** One condition to be told, and what was known of it before. */
export interface Telling {
  readonly alert: Alert;
  readonly state: AlertState;
}

export interface MessageOptions {
  readonly language: Language;
  /** Which deployment speaks, e.g. `正式环境`. */
  readonly name?: string | undefined;
  readonly nowMs: number;
  readonly isBlind: boolean;
}

/** Stands in every title, so that a robot can be guarded by this keyword. */
const KEYWORD = 'wx-durable';
const ORDER: readonly Severity[] = ['fault', 'warning', 'resolved'];
const MAX_LINE = 300;

/** The message for these conditions, worst first. */
export function composeMessage(tellings: readonly Telling[], options: MessageOptions): Message {
  const text = texts[options.language];
  const sorted = [...tellings].sort((a, b) => rank(a) - rank(b));
  const worst = sorted[0]?.alert.severity ?? 'warning';
  const what = sorted.length === 1 && sorted[0] ? titleOf(sorted[0]) : text.several(sorted.length);
  const name = options.name ? ` ${options.name}` : '';
  const items = sorted.map((telling) => itemOf(telling, options));
  return {
    title: plain(`[${text.severity[worst]}] ${KEYWORD}${name}${text.colon}${what}`),
    items: options.isBlind ? [...items, { heading: text.blind, lines: [] }] : items,
    more: text.more,
  };
}

const rank = ({ alert }: Telling): number => ORDER.indexOf(alert.severity);

// What ended is called what it was called when it began.
const titleOf = ({ alert, state }: Telling): string => (alert.severity === 'resolved' ? state.title : alert.title);

function itemOf(telling: Telling, { language, nowMs }: MessageOptions): MessageItem {
  const { alert, state } = telling;
  const text = texts[language];
  const facts = [
    ...(alert.severity === 'resolved' ? [text.ended(nowMs - state.openedAtMs, state.occurrences)] : []),
    ...(alert.severity !== 'resolved' && state.occurrences > 1
      ? [text.again(state.openedAtMs, state.occurrences)]
      : []),
  ];
  return {
    heading: plain(`[${text.severity[alert.severity]}] ${titleOf(telling)}`),
    lines: [...alert.lines, ...facts].map(plain),
  };
}

// Nothing in a message may mention a person, colour a text or carry a link: `<@all>`, `<font>`, `[text](address)`.
function plain(line: string): string {
  const flat = line
    .replace(/\p{Cc}+/gu, ' ')
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replaceAll('](', '] (');
  return [...flat].slice(0, MAX_LINE).join('');
}

/** How a robot marks up a message. */
export interface Markup {
  title(text: string): string;
  heading(text: string): string;
  line(text: string): string;
}

/** The message's lines under this markup, at most `maxBytes` of UTF-8 when joined by a line break each. */
export function fitLines(message: Message, markup: Markup, maxBytes: number): readonly string[] {
  const all = [
    markup.title(message.title),
    ...message.items.flatMap(({ heading, lines }) => [markup.heading(heading), ...lines.map(markup.line)]),
  ];
  const kept: string[] = [];
  let left = maxBytes - bytesIn(markup.line(message.more(all.length)));
  for (const line of all) {
    left -= bytesIn(line) + 1;
    if (left < 0) break;
    kept.push(line);
  }
  const dropped = all.length - kept.length;
  return dropped === 0 ? kept : [...kept, markup.line(message.more(dropped))];
}

/** Bytes of UTF-8. */
export function bytesIn(text: string): number {
  return new TextEncoder().encode(text).length;
}
