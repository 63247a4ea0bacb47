import { codeFacts, printable } from '../../core/index.ts';
import type { Language } from '../language.ts';
import { maskId, maskOpenid } from '../privacy.ts';
import type { Paint, Style } from '../style.ts';
import { renderTable, wrap } from '../table.ts';
import type { Evidence, Seen, SeenLetter } from './evidence.ts';
import { beijingMoment } from './moment.ts';
import { lettersIn, type Next } from './next.ts';
import type { Event } from './story.ts';

export interface Story {
  readonly evidence: Evidence;
  readonly events: readonly Event[];
  readonly next: readonly Next[];
}

interface Page {
  readonly language: Language;
  readonly columns: number;
  readonly paint: Paint;
}

const STYLES: Readonly<Record<Next['kind'], Style>> = {
  ...{ settled: 'green', waits: 'bold', person: 'red', unknown: 'yellow', nothing: 'yellow' },
};

/** A record's whole story, for a person; without its content, and with the openid masked. */
export function renderStory({ evidence, events, next }: Story, page: Page): readonly string[] {
  const { language, columns, paint } = page;
  const text = TEXTS[language];
  const layout = (rows: readonly (readonly string[])[]) =>
    renderTable({ head: [], rows: rows.map((row) => row.map((cell) => printable(String(cell)))), columns });
  return [
    paint('bold', `${text.record} ${evidence.id}`),
    ...layout(facts(evidence, language)),
    '',
    paint('bold', text.places),
    ...layout(places(evidence, language)),
    '',
    ...(events.length > 0
      ? [
          paint('bold', text.story),
          ...layout(events.map(({ atMs, said }) => [beijingMoment(atMs), said[language]])),
          '',
        ]
      : []),
    paint('bold', text.next),
    ...next.flatMap(({ kind, said }) =>
      wrap(said[language], columns - 6).map((part, at) => paint(STYLES[kind], `  ${at === 0 ? '➜' : ' '} ${part}`)),
    ),
  ];
}

function facts(evidence: Evidence, language: Language): readonly (readonly string[])[] {
  const { work, account, hold } = evidence;
  const text = TEXTS[language];
  const record = work.ok ? work.value : undefined;
  const person = account.ok ? account.value : undefined;
  const openid = person?.['openid'] ?? record?.openid;
  const owner = person?._id ?? record?.userId;
  return [
    [text.status, statusOf(evidence, language)],
    ...(owner === undefined ? [] : [[text.user, ownerLine(owner, openid)]]),
    ...(hold ? [[text.charge, chargeOf(hold.st, hold.price, language)]] : []),
    ...(hold?.taskId ? [[text.task, hold.taskId]] : []),
    ...(record?.provider ? [[text.provider, record.provider]] : []),
  ];
}

function statusOf(evidence: Evidence, language: Language): string {
  const { work } = evidence;
  const text = TEXTS[language];
  if (!work.ok) return `❓ ${text.unread}`;
  return work.value
    ? (text.statuses[work.value.status] ?? String(work.value.status))
    : statusOfLetter(evidence, language);
}

/** Not home yet, but a letter of the hold's own attempt (or the only one there is) says how it ended. */
function statusOfLetter(evidence: Evidence, language: Language): string {
  const text = TEXTS[language];
  const { hold } = evidence;
  const own = lettersIn(evidence).find(({ letter }) => letter && (!hold || letter.payload['token'] === hold.token));
  const status = text.statuses[own?.letter?.payload['status'] as keyof typeof text.statuses];
  return own && status ? text.keptIn(status, own.tier) : text.noRecord;
}

function ownerLine(owner: string, openid: unknown): string {
  return typeof openid === 'string' && openid !== ''
    ? `${maskId(owner)} (openid ${maskOpenid(openid)})`
    : maskId(owner);
}

function chargeOf(state: string, price: number, language: Language): string {
  const text = TEXTS[language].charges;
  return text[state as keyof typeof text]?.(price) ?? state;
}

function places(evidence: Evidence, language: Language): readonly (readonly string[])[] {
  const { work, account, hold, letters, files, picture } = evidence;
  const text = TEXTS[language];
  const shown = <T>(read: Seen<T>, say: (value: T) => string): string =>
    read.ok
      ? say(read.value)
      : `❓ ${text.unread}${language === 'zh' ? `：${codeFacts(read.code).zh}` : ''} (${read.code})`;
  const own = hold ? `${hold.st}${text.attempt(hold.attempt)}` : undefined;
  return [
    [evidence.records, shown(work, (value) => (value ? `${value.status}${text.attempt(value.attempt)}` : text.absent))],
    ['users', shown(account, (value) => own ?? (value ? text.noHold : text.absent))],
    ['emergency_backup', shown(letters, (found) => lettersLine(found, language))],
    [text.storage, shown(files, (found) => lettersLine(found, language))],
    [text.picture, shown(picture, (value) => text.pictures[value])],
  ];
}

function lettersLine(found: readonly SeenLetter[], language: Language): string {
  const text = TEXTS[language];
  if (found.length === 0) return text.absent;
  return found
    .map(({ state, letter }) => {
      if (!letter) return `${state} ${text.unreadable}`;
      const status = letter.payload['status'];
      return `${state}${text.attempt(letter.attempt)} ${typeof status === 'string' ? status : ''}`.trim();
    })
    .join('; ');
}

const TEXTS = {
  zh: {
    record: '记录',
    places: '各处的情况',
    story: '经过（北京时间）',
    next: '接下来',
    status: '状态',
    statuses: { completed: '已完成', failed: '失败', unknown: '结果未知' },
    noRecord: 'works 中没有记录',
    keptIn: (status: string, tier: string) =>
      `${status}；记录在 ${tier === 'storage' ? '云存储' : tier}，还没有回到 works`,
    user: '用户',
    charge: '费用',
    charges: {
      open: (price: number) => `已预占 ${price} 积分，尚未结清`,
      done: (price: number) => `已收取 ${price} 积分`,
      back: (price: number) => `已退还 ${price} 积分`,
      void: () => '从未付费',
    },
    task: '任务号',
    provider: '图片服务',
    storage: '云存储',
    picture: '图片文件',
    pictures: { there: '存在', gone: '❌ 不存在', none: '没有转存' },
    absent: '无',
    noHold: '没有预占',
    unread: '读不到',
    unreadable: '（无法识别）',
    attempt: (attempt: unknown) => (Number.isInteger(attempt) ? `（第 ${String(attempt)} 次）` : ''),
  },
  en: {
    record: 'Record',
    places: 'Where it is',
    story: 'What happened (Beijing time)',
    next: 'What happens next',
    status: 'status',
    statuses: { completed: 'completed', failed: 'failed', unknown: 'unknown' },
    noRecord: 'no record in works',
    keptIn: (status: string, tier: string) => `${status}; kept in ${tier}, not home yet`,
    user: 'user',
    charge: 'charge',
    charges: {
      open: (price: number) => `${price} credits held, not settled yet`,
      done: (price: number) => `${price} credits`,
      back: (price: number) => `${price} credits given back`,
      void: () => 'never paid',
    },
    task: 'task',
    provider: 'image service',
    storage: 'storage',
    picture: 'picture file',
    pictures: { there: 'there', gone: '❌ gone', none: 'no copy' },
    absent: 'nothing',
    noHold: 'no hold',
    unread: 'unreadable',
    unreadable: '(unreadable)',
    attempt: (attempt: unknown) => (Number.isInteger(attempt) ? ` (attempt ${String(attempt)})` : ''),
  },
} as const;
