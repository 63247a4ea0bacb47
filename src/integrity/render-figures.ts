import type { Section } from '../records/index.ts';
import { valueAt } from '../store/index.ts';
import type { ReportLanguage } from './render-findings.ts';
import { numberText, percentText, shown } from './render-text.ts';
import { WORDS, type FigureName } from './render-words.ts';

type Line = readonly [FigureName, string];
type Figures = Section['figures'];

/** The lines of figures that the sections have to offer; a section that is unknown offers none. */
export function figureLines(sections: readonly Section[], lang: ReportLanguage): readonly string[] {
  const { label, colon } = WORDS[lang];
  return sections.flatMap(({ name, figures, status }) => {
    const lines = Object.hasOwn(LINES, name) && status !== 'unknown' ? (LINES[name]?.(figures, lang) ?? []) : [];
    return lines.map(([figure, text]) => `${label[figure]}${colon}${text}`);
  });
}

const LINES: Readonly<Record<string, (figures: Figures, lang: ReportLanguage) => readonly Line[]>> = {
  works: (figures, lang) => [
    ['total', numberText(figures['total'])],
    ['successRate', percentText(figures['successRate'])],
    ['today', times(valueAt(figures, 'today.total'), lang)],
    ...(figures['unknown'] ? [['unknown', numberText(figures['unknown'])] as const] : []),
    ...failures(figures['byErrorCode']),
    ...saving(figures['saves'], lang),
  ],
  calls: (figures) => [
    ['total', numberText(figures['total'])],
    ...(valueAt(figures, 'byStatus.unknown')
      ? [['unknown', numberText(valueAt(figures, 'byStatus.unknown'))] as const]
      : []),
  ],
  backup: (figures, lang) =>
    figures['count'] === undefined ? [] : [['backup', letters(figures, lang)], ...whyAndHowLong(figures, lang)],
  users: (figures, lang) => [['users', users(figures, lang)]],
  tiers: (figures) => [['tiers', tiers(figures)]],
  indicators: (figures) => [
    ['saveSuccess', rate(figures['saveSuccessRate'], '≥')],
    ['emergency', rate(figures['emergencyBackupRate'], '≤')],
    ['consistency', rate(figures['consistencyRate'], '≥')],
  ],
};

function times(value: unknown, lang: ReportLanguage): string {
  return lang === 'zh' ? `${numberText(value)} 次` : numberText(value);
}

function letters(figures: Figures, lang: ReportLanguage): string {
  const [count, waiting, redriven, quarantined] = ['count', 'needRedrive', 'redriven', 'quarantined'].map((name) =>
    numberText(figures[name]),
  );
  return lang === 'zh'
    ? `${count} 条（待恢复 ${waiting}，已恢复 ${redriven}，隔离 ${quarantined}）`
    : `${count} letters (${waiting} to bring home, ${redriven} came home, ${quarantined} set aside)`;
}

const MOST_REASONS = 3;

/** The most frequent names with their numbers. */
function mostOf(counts: readonly (readonly [name: string, count: unknown])[]): string {
  const known = counts.flatMap(([name, count]) => (typeof count === 'number' && count > 0 ? [{ name, count }] : []));
  const most = known.sort((a, b) => b.count - a.count).slice(0, MOST_REASONS);
  const rest = known.length > most.length ? ' …' : '';
  return most.map(({ name, count }) => `${shown(name)} ${numberText(count)}`).join(', ') + rest;
}

function failures(byErrorCode: unknown): readonly Line[] {
  const most = mostOf(Object.entries((byErrorCode ?? {}) as Record<string, unknown>));
  return most === '' ? [] : [['failures', most]];
}

function saving(saves: unknown, lang: ReportLanguage): readonly Line[] {
  const [p50, p95, measured, retried] = ['p50Ms', 'p95Ms', 'measured', 'retried'].map((name) => valueAt(saves, name));
  if (typeof p50 !== 'number' || !measured) return [];
  const times = `p50 ${numberText(p50)} ms, p95 ${numberText(p95)} ms`;
  const count = numberText(retried);
  return [['saving', lang === 'zh' ? `${times}（${count} 条经过重试）` : `${times} (${count} after retries)`]];
}

function whyAndHowLong({ byReason, oldestWaitingMs }: Figures, lang: ReportLanguage): readonly Line[] {
  const named = Array.isArray(byReason) ? (byReason as readonly { name?: unknown; count?: unknown }[]) : [];
  const most = mostOf(named.map(({ name, count }) => [typeof name === 'string' ? name : '-', count] as const));
  return [
    ...(most === '' ? [] : [['reasons', most] as const]),
    ...(typeof oldestWaitingMs === 'number' ? [['oldest', waited(oldestWaitingMs, lang)] as const] : []),
  ];
}

const HOUR_MS = 3_600_000;

function waited(durationMs: number, lang: ReportLanguage): string {
  const minutes = Math.ceil(durationMs / 60_000);
  if (durationMs < HOUR_MS) return lang === 'zh' ? `${minutes} 分钟` : `${minutes} min`;
  const hours = (durationMs / HOUR_MS).toFixed(1);
  return lang === 'zh' ? `${hours} 小时` : `${hours} h`;
}

function users(figures: Figures, lang: ReportLanguage): string {
  const [all, wrong] = [numberText(figures['users']), numberText(figures['wrong'])];
  return lang === 'zh' ? `${all} 位（计数不一致 ${wrong}）` : `${all} (${wrong} with a wrong counter)`;
}

const MARKS: Readonly<Record<string, string>> = { works: '✅', off: '➖', undecided: '❓' };

function tiers(figures: Figures): string {
  return Object.entries(figures)
    .map(([tier, facts]) => `${tier} ${MARKS[String(valueAt(facts, 'status'))] ?? '❌'}`)
    .join('  ');
}

function rate(figure: unknown, sign: string): string {
  const met = valueAt(figure, 'met');
  const mark = met === true ? ' ✅' : met === false ? ' ⚠️' : '';
  return `${percentText(valueAt(figure, 'rate'))} (${sign} ${percentText(valueAt(figure, 'target'))})${mark}`;
}
