import type { Words } from '../doctor/line.ts';
import type { Hold } from '../../once/index.ts';
import { isFinal, type Work } from '../../records/index.ts';
import { backOf, countedBy, natureOf, type Nature } from './amounts.ts';
import type { Evidence, SeenLetter } from './evidence.ts';
import { beijingMoment } from './moment.ts';
import { wrongIn } from './wrong.ts';

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
  if (work && natureOf(evidence) === 'write') return afterWrite(evidence, letters);
  if (work) return ofRecord(evidence, work, nowMs);
  if (evidence.hold) return [withoutRecord(evidence, evidence.hold, nowMs)];
  return letters.length > 0
    ? letters.map((letter) => ofLetter(letter, evidence))
    : [
        next(
          'nothing',
          `任何地方都没有这条记录：查了 ${evidence.records} 与备份，其他集合的记录请加 --records <集合>`,
          `no place knows this record: looked in ${evidence.records} and in letters; for others add --records <collection>`,
        ),
      ];
}

/** Letters of both tiers; what could not be read is none, so look at `unreadPlaces` first. */
export function lettersIn({ letters, files }: Evidence): readonly SeenLetter[] {
  return [...(letters.ok ? letters.value : []), ...(files.ok ? files.value : [])];
}

/** The places that could not be read, with their codes. */
export function unreadPlaces(evidence: Evidence): readonly { readonly place: string; readonly code: string }[] {
  const places = [
    [evidence.records, evidence.work],
    [evidence.accounts, evidence.account],
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
  const wrong = wrongIn(evidence, work, nowMs).map(({ zh, en }) => next('person', zh, en));
  const steps = [
    ...(isFinal(work.status) ? afterFinal(evidence, work) : []),
    ...(work.status === 'unknown' ? [afterUnknown(evidence, nowMs)] : []),
  ];
  if (wrong.length + steps.length > 0) return [...wrong, ...steps];
  return [next('settled', '已经了结，不会再变化', 'it is settled; nothing more happens')];
}

function afterFinal(evidence: Evidence, work: Work): readonly Next[] {
  const { hold, picture } = evidence;
  const steps: Next[] = hold?.st === 'open' ? [closes(hold, work, natureOf(evidence))] : [];
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

function closes(hold: Hold, { status }: Work, nature: Nature): Next {
  const isPicture = nature === 'picture';
  if (status === 'failed') {
    const back = backOf(hold, nature);
    return next(
      'waits',
      `下一次恢复会退还 ${back.zh}${isPicture ? '与当日用量' : ''}`,
      `the next recovery gives back ${back.en}${isPicture ? ' and the use' : ''}`,
    );
  }
  const counted = isPicture ? { zh: '生成计数加 1', en: 'counts it' } : countedBy(hold);
  if (!counted) return next('waits', '下一次恢复会结清这次调用', 'the next recovery closes the call');
  return next(
    'waits',
    `下一次恢复会结清这次调用，${isPicture ? '' : '计入 '}${counted.zh}`,
    `the next recovery closes the call and ${isPicture ? '' : 'counts '}${counted.en}`,
  );
}

/** A plain write is either home, or a letter, or both where the answer of its write was lost. */
function afterWrite({ records }: Evidence, letters: readonly SeenLetter[]): readonly Next[] {
  const waits = letters.some(({ state, tier }) => state === 'waiting' && tier === 'emergency_backup');
  if (!waits)
    return [next('settled', `已保存在 ${records}，不会再变化`, `it is stored in ${records}; nothing more happens`)];
  return [
    next(
      'waits',
      `已保存在 ${records}；备份记录也在，下一次点名 ${records} 的恢复会核对并了结它：wx-durable recover --also ${records}`,
      `it is stored in ${records}; its letter is settled by: wx-durable recover --also ${records}`,
    ),
  ];
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

function afterUnknown(evidence: Evidence, nowMs: number): Next {
  const { hold } = evidence;
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
  const back = backOf(hold, natureOf(evidence));
  const asker = askerOf(evidence);
  const asks = hold.taskId ? { zh: `每次恢复都会${asker.zh}查询任务；`, en: `each recovery ${asker.en}; ` } : NONE;
  return next(
    'waits',
    `${asks.zh}到 ${at} 仍无结果则记为 failed，并退还 ${back.zh}；用户可以用 retryUnknown 重试`,
    `${asks.en}without a result by ${at} it becomes failed and ${back.en} come back; the person may retry (retryUnknown)`,
  );
}

const NONE = { zh: '', en: '' };

/** Who knows of a task: the commands ask the image service; an own one, only the function that has an `ask` for it. */
function askerOf(evidence: Evidence): Words {
  return natureOf(evidence) === 'picture'
    ? { zh: '向图片服务', en: 'asks the image service' }
    : { zh: '由恢复函数的 ask ', en: 'by your own timer asks about the task (its `ask`)' };
}

function running({ until }: Hold): Next {
  const at = beijingMoment(until);
  return next(
    'waits',
    `调用正在进行；租约 ${at} 到期，之后由恢复处理`,
    `the call is running; its lease ends at ${at}, then recovery takes over`,
  );
}

function withoutRecord(evidence: Evidence, hold: Hold, nowMs: number): Next {
  if (hold.st === 'void') return next('settled', '从未付费，不会有记录', 'it was never paid; there will be no record');
  const own = lettersIn(evidence).find(({ letter }) => letter?.payload['token'] === hold.token);
  if (hold.st === 'open' && nowMs < hold.until) return running(hold);
  if (own && isFinal(own.letter?.payload['status'])) return ofLetter(own, evidence);
  const stuck = lettersIn(evidence).find(({ letter, state }) => !letter || state === 'quarantined');
  if (hold.st !== 'open') return stuck ? ofLetter(stuck, evidence) : lostRecord();
  const at = beijingMoment(hold.until + DAY_MS);
  const back = backOf(hold, natureOf(evidence));
  if (hold.taskId) {
    const asker = askerOf(evidence);
    return next(
      'waits',
      `租约已到期；下一次恢复会${asker.zh}查询这个任务`,
      `its lease is over; the next recovery ${asker.en}`,
    );
  }
  return next(
    'waits',
    `租约已到期，没有任何结果：下一次恢复会记为 unknown，到 ${at} 仍无结果则记为 failed 并退还 ${back.zh}`,
    `its lease is over without a result: recovery makes it unknown, and by ${at} failed, giving back ${back.en}`,
  );
}

function bringsHome({ tier }: SeenLetter, evidence: Evidence): Next {
  const { records, accounts } = evidence;
  const nature = natureOf(evidence);
  // Recovery finds a file by the hold of its call; a plain write has none.
  if (nature === 'write' && tier === 'storage') return inStorageAlone(records);
  const options = { picture: '', call: ` --records ${records} --accounts ${accounts}`, write: ` --also ${records}` };
  const command = nature === 'picture' ? '' : `wx-durable recover${options[nature]}`;
  return next(
    'waits',
    `下一次恢复会把 ${tier} 中的记录放回 ${records}${command && `：${command}`}`,
    `the next recovery brings the record home from ${tier}${command && `: ${command}`}`,
  );
}

function inStorageAlone(records: string): Next {
  return next(
    'person',
    `记录只在云存储中，恢复找不到它：请用同一个 _id 再写一次 ${records}`,
    `it is in storage alone, where recovery does not find it: write it to ${records} again, under the same _id`,
  );
}

function lostRecord(): Next {
  return next(
    'person',
    '已经结清，却找不到记录：请导出云函数日志，运行 wx-durable recover --from-log',
    'it is closed, and no record is to be found: export the log and run wx-durable recover --from-log',
  );
}

function ofLetter(seen: SeenLetter, evidence: Evidence): Next {
  const { state, letter, letterId } = seen;
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
      `备份记录为 ${state}，但 ${evidence.records} 中没有记录`,
      `the letter is ${state}, but ${evidence.records} has no record`,
    );
  return bringsHome(seen, evidence);
}
