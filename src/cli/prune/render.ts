import { findingText } from '../../integrity/index.ts';
import type { Language } from '../language.ts';
import { thousands } from '../progress-bar.ts';
import { maskId } from '../privacy.ts';
import type { Paint } from '../style.ts';
import { renderTable } from '../table.ts';
import type { PruneResult } from './run.ts';

interface Page {
  readonly language: Language;
  readonly columns: number;
  readonly paint: Paint;
}

/** What goes, or would, for a person. */
export function renderPrune(
  result: PruneResult,
  dryRun: boolean,
  { language, columns, paint }: Page,
): readonly string[] {
  const text = TEXTS[language];
  const { letters, reports, findings, checkpoint } = result;
  const rows = [
    [text.letters, ...[letters.gone, letters.kept, letters.failed].map(thousands)],
    [text.reports, ...[reports.gone, reports.kept, reports.failed].map(thousands)],
  ];
  const found = findings.flatMap(({ kind, count, ids }) => [
    paint('red', `❌ ${findingText(kind, thousands(count), language)}`),
    `   ${ids.slice(0, 3).map(maskId).join(' ')}`,
  ]);
  return [
    paint('bold', dryRun ? text.wouldGo : text.went),
    ...renderTable({ head: dryRun ? text.planHead : text.doneHead, rows, columns }),
    ...(found.length > 0 ? ['', ...found] : []),
    ...(checkpoint ? ['', paint('yellow', text.stopped)] : []),
    ...(dryRun ? ['', text.nothingDone] : []),
  ];
}

const TEXTS = {
  zh: {
    wouldGo: '将要清理',
    went: '已清理',
    planHead: ['内容', '将删除', '保留', '失败'],
    doneHead: ['内容', '已删除', '保留', '失败'],
    letters: '已恢复的备份记录',
    reports: '旧的检查报告',
    stopped: '⏳ 未完成',
    nothingDone: '仅查看，没有删除任何数据；works 永远不会被清理',
  },
  en: {
    wouldGo: 'Would go',
    went: 'Removed',
    planHead: ['what', 'would go', 'stay', 'failed'],
    doneHead: ['what', 'gone', 'stay', 'failed'],
    letters: 'recovered letters',
    reports: 'old reports',
    stopped: '⏳ not finished',
    nothingDone: 'only looked; nothing was removed. Works are never pruned',
  },
} as const;
