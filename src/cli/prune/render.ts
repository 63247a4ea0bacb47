import { codeFacts, type Code } from '../../core/index.ts';
import { findingText } from '../../integrity/index.ts';
import type { Language } from '../language.ts';
import { thousands } from '../progress-bar.ts';
import { maskId } from '../privacy.ts';
import type { Paint } from '../style.ts';
import { renderTable, wrap } from '../table.ts';
import type { PhaseSums, PruneResult } from './run.ts';

interface Page {
  readonly language: Language;
  readonly columns: number;
  readonly paint: Paint;
}

/** What goes, or would, for a person. */
export function renderPrune(
  result: PruneResult,
  phase: 'looked' | 'plan' | 'done',
  { language, columns, paint }: Page,
): readonly string[] {
  const text = TEXTS[language];
  const { letters, reports, findings, checkpoint } = result;
  const isDone = phase === 'done';
  const rows = [
    [text.letters, ...cells(letters)],
    [text.reports, ...cells(reports)],
  ];
  const unread = [
    ...(letters.unread ? [text.unread(text.letters, letters.unread)] : []),
    ...(reports.unread ? [text.unread(text.reports, reports.unread)] : []),
  ];
  const found = findings.flatMap(({ kind, count, ids }) => [
    paint('red', `❌ ${findingText(kind, thousands(count), language)}`),
    `   ${ids.slice(0, 3).map(maskId).join(' ')}`,
  ]);
  return [
    paint('bold', isDone ? text.went : text.wouldGo),
    ...renderTable({ head: isDone ? text.doneHead : text.planHead, rows, columns }),
    ...unread.flatMap((why) => wrap(why, columns)).map((line) => paint('yellow', line)),
    ...(found.length > 0 ? ['', ...found] : []),
    ...(checkpoint ? ['', paint('yellow', text.stopped)] : []),
    ...(phase === 'looked' ? ['', text.nothingDone] : []),
  ];
}

// What went before the reading failed did go; how much there is besides nobody knows.
const cells = ({ gone, kept, failed, unread }: PhaseSums): readonly string[] =>
  unread ? [gone > 0 ? thousands(gone) : '❓', '❓', thousands(failed)] : [gone, kept, failed].map(thousands);

const TEXTS = {
  zh: {
    wouldGo: '将要清理',
    went: '已清理',
    planHead: ['内容', '将删除', '保留', '失败'],
    doneHead: ['内容', '已删除', '保留', '失败'],
    letters: '已恢复的备份记录',
    reports: '旧的检查报告',
    stopped: '⏳ 未完成',
    unread: (what: string, code: Code) => `❓ ${what}读不到：${codeFacts(code).zh}（${code}）`,
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
    unread: (what: string, code: Code) => `❓ ${what} could not be read: ${code}`,
    nothingDone: 'only looked; nothing was removed. Works are never pruned',
  },
} as const;
