import { codeFacts } from '../../core/index.ts';
import type { Language } from '../language.ts';
import { maskId } from '../privacy.ts';
import { thousands } from '../progress-bar.ts';
import type { Paint } from '../style.ts';
import { renderTable } from '../table.ts';
import type { ShownRepair, UsersResult } from './users.ts';

export interface Page {
  readonly language: Language;
  readonly columns: number;
  readonly paint: Paint;
}

const SHOWN = 20;

/** The wrong counters, for a person: what they say, what they should say, and why. */
export function renderPlan({ looked, wrong, repairs, checkpoint }: UsersResult, page: Page): readonly string[] {
  const { language, columns, paint } = page;
  const text = TEXTS[language];
  const stopped = checkpoint ? [paint('yellow', text.stopped)] : [];
  if (wrong === 0) return [paint('green', text.allRight(thousands(looked))), ...stopped];
  const rows = repairs
    .slice(0, SHOWN)
    .map((repair) => [maskId(repair.userId), shownCount(repair.before), String(repair.after), whyOf(repair, language)]);
  return [
    paint('bold', text.wrong(thousands(wrong), thousands(looked))),
    ...renderTable({ head: text.head, rows, columns }),
    ...(wrong > rows.length ? [`  ${text.more(thousands(wrong - rows.length))}`] : []),
    ...stopped,
  ];
}

/** What was set right, for a person. */
export function renderRepair({ wrong, repaired, failed, checkpoint }: UsersResult, page: Page): readonly string[] {
  const { language, columns, paint } = page;
  const text = TEXTS[language];
  const moved = wrong - repaired - failed.length;
  const rows = failed
    .slice(0, SHOWN)
    .map(({ id, code }) => [maskId(id), code, language === 'zh' ? codeFacts(code).zh : '']);
  return [
    paint(failed.length > 0 ? 'red' : 'green', text.repaired(thousands(repaired))),
    ...(moved > 0 ? [text.moved(thousands(moved))] : []),
    ...(rows.length > 0 ? ['', text.failed, ...renderTable({ head: [], rows, columns })] : []),
    ...(checkpoint ? [paint('yellow', text.stopped)] : []),
  ];
}

function shownCount(before: unknown): string {
  if (before === null || before === undefined) return '—';
  return typeof before === 'number' ? String(before) : JSON.stringify(before).slice(0, 12);
}

function whyOf({ before, after }: ShownRepair, language: Language): string {
  const text = TEXTS[language];
  if (before === null || before === undefined) return text.absent;
  if (typeof before !== 'number') return text.noNumber;
  return before > after ? text.tooMany(before - after) : text.tooFew(after - before);
}

const TEXTS = {
  zh: {
    allRight: (looked: string) => `✅ ${looked} 个用户的生成计数都与作品一致`,
    wrong: (wrong: string, looked: string) => `${looked} 个用户中，${wrong} 个的生成计数与作品不一致`,
    head: ['用户', '现值', '应为', '原因'],
    more: (count: string) => `……还有 ${count} 个（--json 可列出更多）`,
    absent: '没有计数',
    noNumber: '计数不是数字',
    tooMany: (by: number) => `比已完成的作品多 ${by}`,
    tooFew: (by: number) => `比已完成的作品少 ${by}`,
    repaired: (count: string) => `✅ 已修复 ${count} 个用户`,
    moved: (count: string) => `⏳ ${count} 个用户刚刚有新的变化，留待下次`,
    failed: '未能修复',
    stopped: '⏳ 未完成',
  },
  en: {
    allRight: (looked: string) => `✅ the counters of ${looked} users agree with their works`,
    wrong: (wrong: string, looked: string) =>
      `${wrong} of ${looked} users have a counter that disagrees with their works`,
    head: ['user', 'is', 'should be', 'why'],
    more: (count: string) => `... and ${count} more (--json lists them)`,
    absent: 'has no counter',
    noNumber: 'is no number',
    tooMany: (by: number) => `${by} more than completed works`,
    tooFew: (by: number) => `${by} less than completed works`,
    repaired: (count: string) => `✅ repaired ${count} users`,
    moved: (count: string) => `⏳ ${count} users changed meanwhile and are left to the next run`,
    failed: 'Not repaired',
    stopped: '⏳ not finished',
  },
} as const;
