import { KILLS } from './acts.ts';
import type { Figures } from './audit.ts';
import type { Language } from '../language.ts';

const LABELS: readonly (readonly [keyof Figures, zh: string, en: string])[] = [
  ['calls', '请求的图片', 'pictures asked for'],
  ['delivered', '已送达', 'delivered'],
  ['completed', '生成完成的记录', 'records of completed pictures'],
  ['records', 'works 中的记录', 'records in works'],
  ['duplicates', '重复的记录', 'duplicate records'],
  ['lost', '丢失', 'lost'],
  ['paidTwice', '重复付费', 'paid twice'],
  ['refused', '付费前拒绝', 'refused before paying'],
  ['unknown', '结果未知（24 小时内继续核对）', 'unknown (looked for during 24 h)'],
  ['onlyInLog', '仅保存在日志', 'only in the log'],
  ['deadLetters', '写入备份的记录', 'kept in a lower tier'],
  ['redriven', '已恢复到 works', 'brought home'],
  ['countersRight', '积分、用量与计数一致', 'credits, quota and counters right'],
];

/** The figures for a person, in at most 80 columns. */
export function renderFigures(figures: Figures, language: Language): readonly string[] {
  const title = language === 'zh' ? '演示结果' : 'What happened';
  const rows = LABELS.map(([name, zh, en]) => {
    const value = figures[name];
    const shown = typeof value === 'boolean' ? yesNo(value, language) : String(value);
    return `   ${shown.padStart(5)}  ${language === 'zh' ? zh : en}`;
  });
  return [`📋 ============ ${title} ============`, ...rows, verdict(figures, language)];
}

/** Whether the promise was kept: nothing lost, doubled or miscounted, and unknown at most what was killed. */
export function isKept({ lost, duplicates, paidTwice, countersRight, unknown }: Figures): boolean {
  return lost === 0 && duplicates === 0 && paidTwice === 0 && countersRight && unknown <= KILLS;
}

function yesNo(value: boolean, language: Language): string {
  if (language === 'zh') return value ? '   是' : '   否';
  return value ? 'yes' : 'NO';
}

function verdict(figures: Figures, language: Language): string {
  const words = isKept(figures)
    ? { zh: '✅ 每一次付费调用都恰好留下一条记录', en: '✅ every paid call left exactly one record' }
    : { zh: '❌ 有记录丢失、重复或计数错误', en: '❌ something was lost, doubled or miscounted' };
  return words[language];
}
