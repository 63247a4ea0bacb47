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
export function renderPlan(result: UsersResult, page: Page): readonly string[] {
  const { looked, wrong, repairs, checkpoint } = result;
  const { language, columns, paint } = page;
  const text = TEXTS[language];
  const stopped = checkpoint ? [paint('yellow', text.stopped)] : [];
  const explained = renderExplained(result, page);
  if (wrong === 0) return [paint('green', text.allRight(thousands(looked))), ...explained, ...stopped];
  const rows = repairs
    .slice(0, SHOWN)
    .map((repair) => [maskId(repair.userId), shownCount(repair.before), String(repair.after), whyOf(repair, language)]);
  return [
    paint('bold', text.wrong(thousands(wrong), thousands(looked))),
    ...renderTable({ head: text.head, rows, columns }),
    ...(wrong > rows.length ? [`  ${text.more(thousands(wrong - rows.length))}`] : []),
    ...explained,
    ...stopped,
  ];
}

/** What no counter mends: second records, and pictures of which no record is left; a person should look. */
function renderExplained({ repairs, explained }: UsersResult, { language, columns, paint }: Page): readonly string[] {
  const text = TEXTS[language];
  const rows = [...repairs, ...explained]
    .filter(({ duplicates, lost }) => duplicates > 0 || lost.length > 0)
    .slice(0, SHOWN)
    .map(({ userId, duplicates, lost }) => [maskId(userId), String(duplicates), String(lost.length), lost[0] ?? '']);
  if (rows.length === 0) return [];
  return ['', paint('yellow', text.explained), ...renderTable({ head: text.reasons, rows, columns }), ...text.look];
}

/** What was set right, for a person. */
export function renderRepair(result: UsersResult, page: Page): readonly string[] {
  const { wrong, repaired, failed, checkpoint } = result;
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
    ...renderExplained(result, page),
    ...(checkpoint ? [paint('yellow', text.stopped)] : []),
  ];
}

function shownCount(before: unknown): string {
  if (before === null || before === undefined) return '—';
  return typeof before === 'number' ? String(before) : JSON.stringify(before).slice(0, 12);
}

// What differs by a second record or a lost one is told apart: the counter is right about those.
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
    explained: '以下不计入也不扣除，请人工核对：同一张图片的重复记录，已计数但找不到记录的图片',
    reasons: ['用户', '重复', '丢失', '例如'],
    look: ['  查看：wx-durable explain <id>，重复的记录见 wx-durable check'],
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
    explained: 'Not copied into the counters; a person should look at: second records, lost ones',
    reasons: ['user', 'duplicates', 'lost', 'for example'],
    look: ['  look: wx-durable explain <id>; wx-durable check names the duplicates'],
    stopped: '⏳ not finished',
  },
} as const;
