import type { Section } from '../records/index.ts';
import { valueAt } from '../store/index.ts';
import type { ReportLanguage } from './render-findings.ts';
import { numberText, percentText } from './render-text.ts';
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
  ],
  calls: (figures) => [
    ['total', numberText(figures['total'])],
    ...(valueAt(figures, 'byStatus.unknown')
      ? [['unknown', numberText(valueAt(figures, 'byStatus.unknown'))] as const]
      : []),
  ],
  backup: (figures, lang) => (figures['count'] === undefined ? [] : [['backup', letters(figures, lang)]]),
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
