import { codeFacts, printable } from '../../core/index.ts';
import type { Language } from '../language.ts';
import { maskId, maskOpenid } from '../privacy.ts';
import type { Paint, Style } from '../style.ts';
import { renderTable, wrap } from '../table.ts';
import { backOf, countedBy, natureOf, takenBy } from './amounts.ts';
import type { Evidence, Seen, SeenLetter } from './evidence.ts';
import { beijingMoment } from './moment.ts';
import { lettersIn, type Next } from './next.ts';
import type { Hold } from '../../once/index.ts';
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
    ...(typeof owner === 'string' ? [[text.user, ownerLine(owner, openid)]] : []),
    ...(hold ? [[text.charge, chargeOf(hold, evidence, language)]] : []),
    ...(hold?.taskId ? [[text.task, hold.taskId]] : []),
    ...(typeof record?.provider === 'string' ? [[text.provider, record.provider]] : []),
  ];
}

function statusOf(evidence: Evidence, language: Language): string {
  const { work, records } = evidence;
  const text = TEXTS[language];
  if (!work.ok) return `❓ ${text.unread}`;
  if (!work.value) return statusOfLetter(evidence, language);
  if (natureOf(evidence) === 'write') return text.stored(records);
  const status: unknown = work.value.status;
  if (typeof status !== 'string') return '?';
  return Object.hasOwn(text.statuses, status) ? text.statuses[status as keyof typeof text.statuses] : status;
}

/** Not home yet, but a letter of the hold's own attempt (or the only one there is) says how it ended. */
function statusOfLetter(evidence: Evidence, language: Language): string {
  const text = TEXTS[language];
  const { hold, records } = evidence;
  const own = lettersIn(evidence).find(({ letter }) => letter && (!hold || letter.payload['token'] === hold.token));
  const status = text.statuses[own?.letter?.payload['status'] as keyof typeof text.statuses];
  if (!own || own.state !== 'waiting') return text.noRecord(records);
  if (natureOf(evidence) === 'write') return text.keptIn('', own.tier, records);
  return status ? text.keptIn(status, own.tier, records) : text.noRecord(records);
}

function ownerLine(owner: string, openid: unknown): string {
  return typeof openid === 'string' && openid !== ''
    ? `${maskId(owner)} (openid ${maskOpenid(openid)})`
    : maskId(owner);
}

function chargeOf(hold: Hold, evidence: Evidence, language: Language): string {
  const text = TEXTS[language].charges;
  const nature = natureOf(evidence);
  const amount = (hold.st === 'back' ? backOf(hold, nature) : takenBy(hold, nature))[language];
  const counted = nature === 'call' && hold.st === 'done' ? countedBy(hold) : undefined;
  const said = Object.hasOwn(text, hold.st) ? text[hold.st](amount) : String(hold.st);
  return counted ? `${said}${TEXTS[language].counted(counted[language])}` : said;
}

function places(evidence: Evidence, language: Language): readonly (readonly string[])[] {
  const { work, account, hold, letters, files, picture } = evidence;
  const text = TEXTS[language];
  const shown = <T>(read: Seen<T>, say: (value: T) => string): string =>
    read.ok
      ? say(read.value)
      : `❓ ${text.unread}${language === 'zh' ? `：${codeFacts(read.code).zh}` : ''} (${read.code})`;
  const nature = natureOf(evidence);
  const own = hold ? stateLine(hold.st, hold.attempt, language) : undefined;
  const home = (value: NonNullable<typeof work & { ok: true }>['value']): string => {
    if (!value) return text.absent;
    return nature === 'write' ? text.there : stateLine(value.status, value.attempt, language);
  };
  return [
    [evidence.records, shown(work, home)],
    ...(nature === 'write'
      ? []
      : [[evidence.accounts, shown(account, (value) => own ?? (value ? text.noHold : text.absent))]]),
    ['emergency_backup', shown(letters, (found) => lettersLine(found, language))],
    [text.storage, shown(files, (found) => lettersLine(found, language))],
    ...(nature === 'picture' ? [[text.picture, shown(picture, (value) => text.pictures[value])]] : []),
  ];
}

// Records older than this library know no attempt, and any field may have been broken since.
function stateLine(state: unknown, attempt: unknown, language: Language): string {
  const counted =
    typeof attempt === 'number' && Number.isInteger(attempt) && attempt > 0 ? TEXTS[language].attempt(attempt) : '';
  return `${typeof state === 'string' ? state : '?'}${counted}`;
}

function lettersLine(found: readonly SeenLetter[], language: Language): string {
  const text = TEXTS[language];
  if (found.length === 0) return text.absent;
  return found
    .map(({ state, letter }) => {
      if (!letter) return `${state} ${text.unreadable}`;
      const status = letter.payload['status'];
      return `${stateLine(state, letter.attempt, language)} ${typeof status === 'string' ? status : ''}`.trim();
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
    stored: (records: string) => `已保存在 ${records}`,
    there: '已保存',
    noRecord: (records: string) => `${records} 中没有记录`,
    keptIn: (status: string, tier: string, records: string) =>
      `${status === '' ? '' : `${status}；`}记录在 ${tier === 'storage' ? '云存储' : tier}，还没有回到 ${records}`,
    user: '用户',
    charge: '费用',
    charges: {
      open: (amount: string) => `已预占 ${amount}，尚未结清`,
      done: (amount: string) => `已收取 ${amount}`,
      back: (amount: string) => `已退还 ${amount}`,
      void: (_amount: string) => '从未付费',
    },
    counted: (amount: string) => `，已计入 ${amount}`,
    task: '任务号',
    provider: '图片服务',
    storage: '云存储',
    picture: '图片文件',
    pictures: { there: '存在', gone: '❌ 不存在', none: '没有转存' },
    absent: '无',
    noHold: '没有预占',
    unread: '读不到',
    unreadable: '（无法识别）',
    attempt: (attempt: number) => `（第 ${attempt} 次）`,
  },
  en: {
    record: 'Record',
    places: 'Where it is',
    story: 'What happened (Beijing time)',
    next: 'What happens next',
    status: 'status',
    statuses: { completed: 'completed', failed: 'failed', unknown: 'unknown' },
    stored: (records: string) => `stored in ${records}`,
    there: 'stored',
    noRecord: (records: string) => `no record in ${records}`,
    keptIn: (status: string, tier: string, records: string) =>
      `${status === '' ? '' : `${status}; `}kept in ${tier}, not home in ${records} yet`,
    user: 'user',
    charge: 'charge',
    charges: {
      open: (amount: string) => `${amount} held, not settled yet`,
      done: (amount: string) => amount,
      back: (amount: string) => `${amount} given back`,
      void: (_amount: string) => 'never paid',
    },
    counted: (amount: string) => `, counted ${amount}`,
    task: 'task',
    provider: 'image service',
    storage: 'storage',
    picture: 'picture file',
    pictures: { there: 'there', gone: '❌ gone', none: 'no copy' },
    absent: 'nothing',
    noHold: 'no hold',
    unread: 'unreadable',
    unreadable: '(unreadable)',
    attempt: (attempt: number) => ` (attempt ${attempt})`,
  },
} as const;
