/** When a timer fires: the values that each field allows. */
export interface Cron {
  readonly second: ReadonlySet<number>;
  readonly minute: ReadonlySet<number>;
  readonly hour: ReadonlySet<number>;
  readonly day: ReadonlySet<number>;
  readonly month: ReadonlySet<number>;
  readonly weekday: ReadonlySet<number>;
  readonly year: ReadonlySet<number>;
  /** Day and weekday both named: either is enough. */
  readonly isEitherDay: boolean;
}

interface Field {
  readonly name: Exclude<keyof Cron, 'isEitherDay'>;
  readonly min: number;
  readonly max: number;
  /** Words for values, the first for `min`. */
  readonly words?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const FIELDS: readonly Field[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, words: MONTHS },
  { name: 'weekday', min: 0, max: 6, words: WEEKDAYS },
  { name: 'year', min: 1970, max: 2099 },
];

/**
 * The platform's expression: seven fields from second to year, each of `,` `-` `*` `/`, months and weekdays also by
 * name, 0 a Sunday. Answers one sentence where it is none. Source: cloud.tencent.com/document/product/583/9708.
 */
export function parseCron(text: string): Cron | string {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) return `a timer has 7 fields, "${text}" has ${parts.length}`;
  const sets = new Map<Field['name'], ReadonlySet<number>>();
  for (const [index, field] of FIELDS.entries()) {
    const values = parseField(parts[index] ?? '', field);
    if (values === undefined) return `"${parts[index]}" is no ${field.name} (${field.min}-${field.max})`;
    sets.set(field.name, values);
  }
  const isEitherDay = parts[3] !== '*' && parts[5] !== '*';
  return { ...(Object.fromEntries(sets) as Omit<Cron, 'isEitherDay'>), isEitherDay };
}

function parseField(text: string, field: Field): ReadonlySet<number> | undefined {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const range = parseItem(item, field);
    if (range === undefined) return undefined;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  return values;
}

/** `*`, `5`, `1-5`, and each of them with a step: `10/5` goes on from 10 to the end. */
function parseItem(item: string, field: Field): { from: number; to: number; step: number } | undefined {
  const { base, step = '1' } = /^(?<base>\*|\w+(-\w+)?)(\/(?<step>\d+))?$/.exec(item)?.groups ?? {};
  if (base === undefined || Number(step) < 1) return undefined;
  if (base === '*') return { from: field.min, to: field.max, step: Number(step) };
  const [first = '', last] = base.split('-');
  const from = valueOf(first, field);
  const to = last === undefined ? (item.includes('/') ? field.max : from) : valueOf(last, field);
  if (from === undefined || to === undefined || from > to) return undefined;
  return { from, to, step: Number(step) };
}

function valueOf(text: string, { min, max, words = [] }: Field): number | undefined {
  const word = words.indexOf(text.toUpperCase());
  const value = word >= 0 ? word + min : /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;
/** Timers are in Beijing time, which has no daylight saving. */
const BEIJING_MS = 8 * 3_600_000;

/** The first moment after `afterMs` (milliseconds since the epoch, UTC) at which it fires; undefined when there is none. */
export function nextAfter(cron: Cron, afterMs: number): number | undefined {
  const startMs = Math.floor((afterMs + BEIJING_MS) / SECOND_MS) * SECOND_MS + SECOND_MS;
  const firstDayMs = Math.floor(startMs / DAY_MS) * DAY_MS;
  const time = firstTime(cron, (startMs - firstDayMs) / SECOND_MS);
  if (time !== undefined && isDay(cron, new Date(firstDayMs))) return firstDayMs + time * SECOND_MS - BEIJING_MS;
  const dayMs = firstDay(cron, firstDayMs + DAY_MS);
  // Every field allows something, so a later day that fits has a first moment.
  return dayMs === undefined ? undefined : dayMs + (firstTime(cron, 0) ?? 0) * SECOND_MS - BEIJING_MS;
}

/** The first day that fits, from midnight of `fromMs` on; whole months and years that do not fit are stepped over. */
function firstDay(cron: Cron, fromMs: number): number | undefined {
  const lastYear = Math.max(...cron.year);
  for (let date = new Date(fromMs); date.getUTCFullYear() <= lastYear;) {
    const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
    if (!cron.year.has(year)) date = new Date(Date.UTC(year + 1, 0, 1));
    else if (!cron.month.has(month + 1)) date = new Date(Date.UTC(year, month + 1, 1));
    else if (isDay(cron, date)) return date.getTime();
    else date = new Date(Date.UTC(year, month, day + 1));
  }
  return undefined;
}

function isDay({ year, month, day, weekday, isEitherDay }: Cron, date: Date): boolean {
  if (!year.has(date.getUTCFullYear()) || !month.has(date.getUTCMonth() + 1)) return false;
  const fitsDay = day.has(date.getUTCDate());
  const fitsWeekday = weekday.has(date.getUTCDay());
  return isEitherDay ? fitsDay || fitsWeekday : fitsDay && fitsWeekday;
}

/** The first second of a day, from `from` on, that fits. */
function firstTime({ hour, minute, second }: Cron, from: number): number | undefined {
  for (let at = from; at < 86_400;) {
    if (!hour.has(Math.floor(at / 3600))) at += 3600 - (at % 3600);
    else if (!minute.has(Math.floor(at / 60) % 60)) at += 60 - (at % 60);
    else if (second.has(at % 60)) return at;
    else at += 1;
  }
  return undefined;
}
