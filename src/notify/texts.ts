import { beijingMinute, type Severity } from './alert.ts';

/** The language of the messages. */
export type Language = 'zh' | 'en';

interface Texts {
  readonly severity: Readonly<Record<Severity, string>>;
  readonly colon: string;
  several(count: number): string;
  again(openedAtMs: number, occurrences: number): string;
  ended(lastedMs: number, occurrences: number): string;
  more(lines: number): string;
  /** The database does not answer, so instances cannot agree who tells. */
  readonly blind: string;
}

const MINUTE_MS = 60_000;

function duration(ms: number, units: readonly [day: string, hour: string, minute: string]): string {
  const minutes = Math.floor(Math.max(0, ms) / MINUTE_MS);
  const parts = [Math.floor(minutes / 1_440), Math.floor(minutes / 60) % 24, minutes % 60];
  const shown = parts.map((part, index) => (part > 0 ? `${part}${units[index] ?? ''}` : '')).filter(Boolean);
  return shown.join('') || `<1${units[2]}`;
}

/** All that people read in a message, beside the alerts' own titles and lines. */
export const texts: Readonly<Record<Language, Texts>> = {
  zh: {
    severity: { fault: '故障', warning: '警告', resolved: '恢复' },
    colon: '：',
    several: (count) => `${count} 项告警`,
    again: (openedAtMs, occurrences) => `自 ${beijingMinute(openedAtMs)} 起仍未恢复，已发现 ${occurrences} 次`,
    ended: (lastedMs, occurrences) =>
      `已恢复，持续 ${duration(lastedMs, [' 天 ', ' 小时 ', ' 分钟']).trim()}，共发现 ${occurrences} 次`,
    more: (lines) => `……另有 ${lines} 行未显示，请查看函数日志`,
    blind: '数据库暂不可用，无法记录告警状态，可能重复提醒',
  },
  en: {
    severity: { fault: 'fault', warning: 'warning', resolved: 'resolved' },
    colon: ': ',
    several: (count) => `${count} alerts`,
    again: (openedAtMs, occurrences) => `still open since ${beijingMinute(openedAtMs)}, seen ${occurrences} times`,
    ended: (lastedMs, occurrences) =>
      `over after ${duration(lastedMs, ['d ', 'h ', 'min']).trim()}, seen ${occurrences} times`,
    more: (lines) => `... ${lines} more lines are in the function's log`,
    blind: 'the database does not answer, so this may be told more than once',
  },
};
