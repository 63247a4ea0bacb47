import type { Words } from '../doctor/line.ts';
import { anomaliesOf } from '../../generation/index.ts';
import { findingText } from '../../integrity/index.ts';
import type { Hold } from '../../once/index.ts';
import { collections, isFinal, isText, type Work } from '../../records/index.ts';
import type { Document } from '../../store/index.ts';
import type { Evidence, SeenLetter } from './evidence.ts';
import { beijingMoment } from './moment.ts';

/** What will happen to a record next, by itself or by a person. */
export interface Next {
  /** `settled`: nothing more · `waits`: by itself · `person`: somebody must look · `unknown`: a place was not readable. */
  readonly kind: 'settled' | 'waits' | 'person' | 'unknown' | 'nothing';
  readonly said: Words;
}

const DAY_MS = 86_400_000;

/** What happens next by what is stored; pure. `nothing` where no place knows the record. */
export function planNext(evidence: Evidence, nowMs: number): readonly Next[] {
  const unread = unreadPlaces(evidence);
  if (unread.length > 0) return [cannotTell(unread)];
  const work = evidence.work.ok ? evidence.work.value : undefined;
  const letters = lettersIn(evidence);
  if (work) return ofRecord(evidence, work, nowMs);
  if (evidence.hold) return [withoutRecord(evidence.hold, letters, nowMs)];
  return letters.length > 0
    ? letters.map(ofLetter)
    : [next('nothing', '任何地方都没有这条记录', 'no place knows this record')];
}

/** Letters of both tiers; what could not be read is none, so look at `unreadPlaces` first. */
export function lettersIn({ letters, files }: Evidence): readonly SeenLetter[] {
  return [...(letters.ok ? letters.value : []), ...(files.ok ? files.value : [])];
}

/** The places that could not be read, with their codes. */
export function unreadPlaces(evidence: Evidence): readonly { readonly place: string; readonly code: string }[] {
  const places = [
    ['works', evidence.work],
    ['users', evidence.account],
    ['emergency_backup', evidence.letters],
    ['storage', evidence.files],
    ['picture', evidence.picture],
  ] as const;
  return places.flatMap(([place, read]) => (read.ok ? [] : [{ place, code: read.code }]));
}

function next(kind: Next['kind'], zh: string, en: string): Next {
  return { kind, said: { zh, en } };
}

function cannotTell(unread: ReturnType<typeof unreadPlaces>): Next {
  const places = unread.map(({ place, code }) => `${place} ${code}`).join(', ');
  return next(
    'unknown',
    `有位置读不到（${places}），无法确定，请稍后再试`,
    `cannot tell: ${places} could not be read; try again`,
  );
}

/** What is wrong with a record comes first; where nothing else happens to it, that is all. */
function ofRecord(evidence: Evidence, work: Work, nowMs: number): readonly Next[] {
  const wrong = wrongIn(evidence, work, nowMs);
  const steps = [
    ...(isFinal(work.status) ? afterFinal(evidence, work) : []),
    ...(work.status === 'unknown' ? [afterUnknown(evidence.hold, nowMs, work)] : []),
  ];
  if (wrong.length + steps.length > 0) return [...wrong, ...steps];
  return [next('settled', '已经了结，不会再变化', 'it is settled; nothing more happens')];
}

/** What the check finds in a record that nothing mends by itself. */
const FOR_A_PERSON: ReadonlySet<string> = new Set([
  ...['work-malformed', 'status-strange', 'user-missing', 'created-in-future'],
  ...['completed-without-picture', 'picture-lost'],
]);

function wrongIn({ records, account }: Evidence, work: Work, nowMs: number): readonly Next[] {
  const document: Document = { ...work };
  const { status, userId } = document;
  const isStrange = !isFinal(status) && status !== 'unknown';
  const ofCalls = isStrange ? ['status-strange'] : [];
  const kinds = records === collections.works ? anomaliesOf(document, { nowMs, readAtMs: nowMs }) : ofCalls;
  const isOwnerGone = account.ok && account.value === undefined && isText(userId);
  return [...kinds.filter((kind) => FOR_A_PERSON.has(kind)), ...(isOwnerGone ? ['user-unknown'] : [])].map((kind) =>
    next(
      'person',
      `${findingText(kind, '1', 'zh')}，需要人工核对`,
      `${findingText(kind, '1', 'en')}; a person must look at it`,
    ),
  );
}

function afterFinal({ hold, picture }: Evidence, work: Work): readonly Next[] {
  const steps: Next[] = [];
  if (hold?.st === 'open' && work.status === 'completed') {
    steps.push(
      next('waits', '下一次恢复会结清这次调用，生成计数加 1', 'the next recovery closes the call and counts it'),
    );
  }
  if (hold?.st === 'open' && work.status === 'failed') {
    steps.push(
      next(
        'waits',
        `下一次恢复会退还 ${hold.price} 积分与当日用量`,
        `the next recovery gives back ${hold.price} credits and the use`,
      ),
    );
  }
  if (picture.ok && picture.value === 'gone') {
    steps.push(
      next(
        'person',
        '图片文件已不在云存储中，请查明是谁删除的',
        "the picture's file is gone from storage; find out who removed it",
      ),
    );
  }
  if (work.status === 'completed' && work.asset?.state === 'pending') steps.push(afterPending(work));
  return steps;
}

function afterPending({ asset }: Work): Next {
  if (asset?.error === 'ASSET_REFUSED') {
    return next(
      'person',
      '图片无法转存（格式或地址被拒绝），请在原地址过期前人工保存',
      'the picture is refused: save it by hand before its address expires',
    );
  }
  return next('waits', '恢复会继续尝试转存图片', 'recovery goes on trying to copy the picture');
}

function afterUnknown(hold: Hold | undefined, nowMs: number, { price }: Work): Next {
  if (!hold)
    return next(
      'waits',
      '预占已不存在；一天后恢复会记为 failed',
      'its hold is gone; after a day recovery makes it failed',
    );
  if (hold.st === 'void')
    return next('waits', '从未付费；下一次恢复会记为 failed', 'it was never paid; the next recovery makes it failed');
  if (hold.st !== 'open')
    return next(
      'waits',
      '已结清；下一次恢复会从备份记录补全',
      'it is closed; the next recovery completes it from its letter',
    );
  if (nowMs < hold.until) return running(hold);
  const at = beijingMoment(hold.until + DAY_MS);
  const asks = hold.taskId
    ? { zh: '每次恢复都会向图片服务查询任务；', en: 'each recovery asks the image service; ' }
    : NO_TASK;
  return next(
    'waits',
    `${asks.zh}到 ${at} 仍无结果则记为 failed，并退还 ${price} 积分；用户可以用 retryUnknown 重新生成`,
    `${asks.en}without a result by ${at} it becomes failed and ${price} credits come back; the person may retry (retryUnknown)`,
  );
}

const NO_TASK = { zh: '', en: '' };

function running({ until }: Hold): Next {
  const at = beijingMoment(until);
  return next(
    'waits',
    `调用正在进行；租约 ${at} 到期，之后由恢复处理`,
    `the call is running; its lease ends at ${at}, then recovery takes over`,
  );
}

function withoutRecord(hold: Hold, letters: readonly SeenLetter[], nowMs: number): Next {
  if (hold.st === 'void') return next('settled', '从未付费，不会有记录', 'it was never paid; there will be no record');
  const own = letters.find(({ letter }) => letter?.payload['token'] === hold.token);
  if (hold.st === 'open' && nowMs < hold.until) return running(hold);
  if (own && isFinal(own.letter?.payload['status'])) return ofLetter(own);
  const stuck = letters.find(({ letter, state }) => !letter || state === 'quarantined');
  if (hold.st !== 'open') return stuck ? ofLetter(stuck) : lostRecord();
  const at = beijingMoment(hold.until + DAY_MS);
  if (hold.taskId) {
    return next(
      'waits',
      '租约已到期；下一次恢复会向图片服务查询这个任务',
      'its lease is over; the next recovery asks the image service for the task',
    );
  }
  return next(
    'waits',
    `租约已到期，没有任何结果：下一次恢复会记为 unknown，到 ${at} 仍无结果则记为 failed 并退还 ${hold.price} 积分`,
    `its lease is over without a result: recovery makes it unknown, and by ${at} failed, giving back ${hold.price} credits`,
  );
}

function lostRecord(): Next {
  return next(
    'person',
    '已经结清，却找不到记录：请导出云函数日志，运行 wx-durable recover --from-log',
    'it is closed, and no record is to be found: export the log and run wx-durable recover --from-log',
  );
}

function ofLetter({ state, letter, tier, letterId }: SeenLetter): Next {
  if (state === 'quarantined') {
    return next(
      'person',
      `备份记录 ${letterId} 已被隔离：改正原因后运行 wx-durable recover --requeue ${letterId}`,
      `letter ${letterId} is quarantined: mend the cause, then wx-durable recover --requeue ${letterId}`,
    );
  }
  if (!letter) {
    return next(
      'person',
      `备份记录 ${letterId} 无法识别（密钥不同、损坏或伪造）`,
      `letter ${letterId} cannot be read (another key, damaged or planted)`,
    );
  }
  if (state !== 'waiting')
    return next(
      'person',
      `备份记录为 ${state}，但 works 中没有记录`,
      `the letter is ${state}, but works has no record`,
    );
  return next(
    'waits',
    `下一次恢复会把 ${tier} 中的记录放回 works`,
    `the next recovery brings the record home from ${tier}`,
  );
}
