import type { IntegrityReport, SectionStatus } from '../records/index.ts';
import { valueAt } from '../store/index.ts';
import type { RenderOptions } from './render.ts';
import { momentText, numberText, percentText, widthOf } from './render-text.ts';

/** What of one report is set against the others. */
export interface TrendPoint {
  readonly id: string;
  readonly startedAt: Date;
  readonly status: SectionStatus;
  /** Null where the section was unknown or left out. */
  readonly works: number | null;
  readonly successRate: number | null;
  readonly lettersToRedrive: number | null;
  readonly wrongUsers: number | null;
  readonly problems: number;
}

/** Reports as points of a trend, in their order; pure. */
export function trendOf(reports: readonly IntegrityReport[]): readonly TrendPoint[] {
  return reports.map(({ _id, startedAt, status, sections }) => {
    const figure = (name: string, path: string): number | null => {
      const section = sections.find((one) => one.name === name && one.status !== 'unknown');
      const value = valueAt(section?.figures, path);
      return typeof value === 'number' ? value : null;
    };
    return {
      ...{ id: _id, startedAt, status },
      works: figure('works', 'total'),
      successRate: figure('works', 'successRate'),
      lettersToRedrive: figure('backup', 'needRedrive'),
      wrongUsers: figure('users', 'wrong'),
      problems: sections.flatMap(({ findings }) => findings).filter(({ weight }) => weight === 'problem').length,
    };
  });
}

const HEAD = {
  zh: ['检查时间（北京）', '状态', '作品', '成功率', '待恢复', '计数不符', '问题'],
  en: ['Checked (Beijing)', 'Status', 'Works', 'Success', 'Waiting', 'Miscount', 'Problems'],
} as const;

const STATUS: Readonly<Record<'zh' | 'en', Readonly<Record<SectionStatus, string>>>> = {
  zh: { ok: '✅ 良好', problems: '⚠️ 问题', unknown: '❓ 未知' },
  en: { ok: '✅ good', problems: '⚠️ problems', unknown: '❓ unknown' },
};

const GAP = '  ';

/** The last checks side by side, for a person: a table of at most 80 columns without colours. */
export function renderTrend(reports: readonly IntegrityReport[], { lang = 'zh' }: RenderOptions = {}): string {
  const rows = [HEAD[lang], ...trendOf(reports).map((point) => cellsOf(point, lang))];
  const widths = HEAD[lang].map((_, at) => Math.max(...rows.map((row) => widthOf(row[at] ?? ''))));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell)))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** The last checks side by side, for a machine. */
export function renderTrendJson(reports: readonly IntegrityReport[]): string {
  return JSON.stringify({ schemaVersion: 1, points: trendOf(reports) }, null, 2);
}

function cellsOf(point: TrendPoint, lang: 'zh' | 'en'): readonly string[] {
  return [
    momentText(point.startedAt),
    STATUS[lang][point.status],
    numberText(point.works),
    percentText(point.successRate),
    numberText(point.lettersToRedrive),
    numberText(point.wrongUsers),
    numberText(point.problems),
  ];
}
