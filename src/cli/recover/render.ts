import { codeFacts, type Code } from '../../core/index.ts';
import type { Language } from '../language.ts';
import { maskId } from '../privacy.ts';
import { thousands } from '../progress-bar.ts';
import type { Paint } from '../style.ts';
import { renderTable } from '../table.ts';
import type { LogImport } from './from-log.ts';
import type { RecoveryResult } from './run.ts';
import { renderElsewhere } from './stays.ts';
import type { Asked, WaitingWork } from './waiting.ts';

export interface Page {
  readonly language: Language;
  readonly columns: number;
  readonly paint: Paint;
}

/** What recovery would look at, for a person. */
export function renderWaiting(waiting: WaitingWork, asked: Asked, page: Page): readonly string[] {
  const { language, columns, paint } = page;
  const text = TEXTS[language];
  const names = Object.keys(text.waiting) as (keyof typeof text.waiting)[];
  const rows = names.map((name) => {
    const { count, ids } = waiting[name];
    const shown = ids.slice(0, 3).map(maskId).join(' ');
    return [text.waiting[name], thousands(count), count > 3 ? `${shown} …` : shown];
  });
  return [
    paint('bold', text.wouldDo),
    ...renderTable({ head: text.waitingHead, rows, columns }),
    ...renderElsewhere(waiting.elsewhere, asked, page),
    '',
    text.nothingDone,
  ];
}

/** What recovery did, for a person. */
export function renderRecovery(result: RecoveryResult, page: Page): readonly string[] {
  const { language, columns, paint } = page;
  const text = TEXTS[language];
  const entries = Object.entries(result.phases);
  const rows = entries.map(([name, { done, skipped, failedCount }]) => {
    const label = text.phases[name as keyof typeof text.phases] ?? name;
    return [label, ...[done, skipped, failedCount].map(thousands)];
  });
  const failures = entries.flatMap(([, { failed }]) => failed);
  return [
    paint('bold', text.did),
    ...renderTable({ head: text.didHead, rows, columns }),
    ...renderFailures(failures, page),
    '',
    closing(result, page),
  ];
}

/** How many quarantined letters are put back, for a person. */
export function renderRequeue(count: number, { language, isDone }: Page & { readonly isDone: boolean }): string {
  const shown = thousands(count);
  if (language === 'zh') return isDone ? `已放回隔离的备份记录 ${shown} 条` : `将放回隔离的备份记录 ${shown} 条`;
  return isDone ? `${shown} quarantined letters were put back` : `${shown} quarantined letters would be put back`;
}

/** What the exported log held, for a person. */
export function renderImport(log: LogImport, { language }: Page): readonly string[] {
  const { lines, letters, admitted, known, unreadable, left } = log;
  if (language === 'zh') {
    return [
      `日志：${thousands(lines)} 行，其中 ${letters} 条加密记录：放入 emergency_backup ${admitted} 条，已有 ${known} 条` +
        (unreadable > 0 ? `，❌ 无法解密 ${unreadable} 条` : '') +
        (left.length > 0 ? `，❌ 第 ${left.join('、')} 行过长，未能读完` : ''),
    ];
  }
  const rest =
    (unreadable > 0 ? `, ❌ ${unreadable} unreadable` : '') +
    (left.length > 0 ? `, ❌ too long to be read to the end: line ${left.join(', ')}` : '');
  return [`log: ${thousands(lines)} lines, ${letters} sealed records: ${admitted} admitted, ${known} known${rest}`];
}

const SHOWN_FAILURES = 20;

function renderFailures(
  failures: readonly { readonly id: string; readonly code: Code }[],
  { language, columns, paint }: Page,
): readonly string[] {
  if (failures.length === 0) return [];
  const rows = failures
    .slice(0, SHOWN_FAILURES)
    .map(({ id, code }) => [
      id === '' ? TEXTS[language].wholePhase : maskId(id),
      code,
      language === 'zh' ? codeFacts(code).zh : '',
    ]);
  return ['', paint('red', TEXTS[language].failures), ...renderTable({ head: [], rows, columns })];
}

function closing({ phases, checkpoint }: RecoveryResult, { language, paint }: Page): string {
  const text = TEXTS[language];
  const totals = Object.values(phases);
  if (checkpoint) return paint('yellow', text.stopped);
  if (totals.some(({ failedCount }) => failedCount > 0)) return paint('red', text.someFailed);
  return totals.some(({ skipped }) => skipped > 0) ? text.someWait : paint('green', text.allDone);
}

const TEXTS = {
  zh: {
    wouldDo: '等待恢复',
    waitingHead: ['内容', '数量', '记录'],
    waiting: {
      holds: '中断的调用',
      running: '正在进行的调用（不处理）',
      unknown: '结果未知的记录',
      letters: '等待恢复的备份记录',
      quarantined: '已隔离的备份记录（需人工处理）',
      pictures: '尚未转存的图片',
    },
    nothingDone: '仅查看，没有写入任何数据',
    did: '恢复结果',
    didHead: ['阶段', '完成', '稍后', '失败'],
    phases: { holds: '中断的调用', unknown: '结果未知的记录', letters: '备份记录', pictures: '图片转存' },
    failures: '失败的记录',
    wholePhase: '（整个阶段）',
    stopped: '⏳ 未完成',
    someFailed: '❌ 有记录未能恢复，可用 wx-durable explain <记录> 查看',
    someWait: '✅ 能恢复的都已恢复',
    allDone: '✅ 没有需要恢复的记录了',
  },
  en: {
    wouldDo: 'Waiting for recovery',
    waitingHead: ['what', 'count', 'records'],
    waiting: {
      holds: 'interrupted calls',
      running: 'running calls (left alone)',
      unknown: 'unknown records',
      letters: 'waiting letters',
      quarantined: 'quarantined letters (for a person)',
      pictures: 'pictures not copied yet',
    },
    nothingDone: 'only looked; nothing was written',
    did: 'Recovery',
    didHead: ['phase', 'done', 'later', 'failed'],
    phases: { holds: 'interrupted calls', unknown: 'unknown records', letters: 'letters', pictures: 'pictures' },
    failures: 'Failed',
    wholePhase: '(the whole phase)',
    stopped: '⏳ not finished',
    someFailed: '❌ some could not be recovered; see wx-durable explain <record>',
    someWait: '✅ what can be recovered is',
    allDone: '✅ nothing is left to recover',
  },
} as const;
