import { collections } from '../../records/index.ts';
import type { Words } from '../doctor/line.ts';
import { beijingMoment } from '../explain/moment.ts';
import { isCollectionName, isPictures } from '../options.ts';
import { maskId } from '../privacy.ts';
import { thousands } from '../progress-bar.ts';
import type { Style } from '../style.ts';
import { wrap } from '../table.ts';
import type { Page } from './render.ts';
import type { Asked, Elsewhere, Waiting, WaitingWork } from './waiting.ts';

/** One reason why something is left after recovery, and what a person can do. */
interface Reason {
  readonly mark: '⏳' | '⚠' | '➜';
  readonly said: Words;
  readonly of?: Waiting;
}

const STYLES: Readonly<Partial<Record<Reason['mark'], Style>>> = { '⚠': 'yellow', '➜': 'bold' };
const INDENT = '   ';
const SHOWN_IDS = 3;

/** What is left after recovery, why, and when or by whom it is decided, for a person; nothing where nothing is. */
export function renderStays(stays: WaitingWork, asked: Asked, { language, columns, paint }: Page): readonly string[] {
  return [...reasonsFor(stays), ...leftAlone(stays.elsewhere, asked)].flatMap(({ mark, said, of }) => {
    const style = STYLES[mark];
    const lines = wrap(said[language], columns - INDENT.length).map(
      (part, at) => (at === 0 ? `${mark} `.padEnd(INDENT.length - Number(mark === '⏳')) : INDENT) + part,
    );
    const ids = (of?.ids ?? []).slice(0, SHOWN_IDS).map(maskId).join(' ');
    return [
      ...(style ? lines.map((line) => paint(style, line)) : lines),
      ...(ids === '' ? [] : wrap(ids, columns - INDENT.length).map((part) => INDENT + part)),
    ];
  });
}

/** Letters for collections that nobody named: how many, and the command that brings them home; for a person. */
export function renderElsewhere(elsewhere: readonly Elsewhere[], asked: Asked, page: Page): readonly string[] {
  return renderStays({ ...NOTHING, elsewhere }, asked, page);
}

const NONE: Waiting = { count: 0, ids: [] };
const NOTHING = {
  ...{ holds: NONE, running: NONE, unknown: NONE, letters: NONE, quarantined: NONE, pictures: NONE, elsewhere: [] },
};

function reasonsFor({ holds, running, unknown, letters, quarantined, pictures }: WaitingWork): readonly Reason[] {
  const n = thousands;
  const at = holds.decidedByAtMs === undefined ? '' : beijingMoment(holds.decidedByAtMs);
  const reasons: readonly (readonly [of: Waiting, zh: string, en: string, mark?: Reason['mark']])[] = [
    [
      holds,
      `${n(holds.count)} 次调用还没有结果；到 ${at}（北京时间）仍没有的，记为 failed 并退还`,
      `${n(holds.count)} calls have no result yet; without one by ${at} (Beijing) they fail and are given back`,
    ],
    [
      running,
      `${n(running.count)} 次调用仍在租约之内，到期后才恢复`,
      `${n(running.count)} calls are within their lease; recovery takes over when it ends`,
    ],
    [
      // Those of calls above are said already.
      holds.count + running.count > 0 ? NONE : unknown,
      `${n(unknown.count)} 条记录结果未知；创建一天后仍没有证据的，记为 failed`,
      `${n(unknown.count)} records are unknown; a day after they were made they fail, unless there is evidence`,
    ],
    [
      letters,
      `${n(letters.count)} 条备份记录还不能放回：其调用尚未了结，或刚才失败；用 wx-durable explain <记录> 查看`,
      `${n(letters.count)} letters cannot come home yet: their calls are not closed, or it failed just now; see wx-durable explain <record>`,
    ],
    [
      pictures,
      `${n(pictures.count)} 张图片尚未转存，下次恢复会再试`,
      `${n(pictures.count)} pictures are not copied yet; the next recovery tries again`,
    ],
    [
      { ...quarantined, ids: [] },
      `${n(quarantined.count)} 条备份记录已隔离；改正原因后用 --requeue <ID|all> 放回`,
      `${n(quarantined.count)} letters are set aside; mend the cause, then --requeue <id|all>`,
      '⚠',
    ],
  ];
  return reasons.flatMap(([of, zh, en, mark = '⏳']) => (of.count > 0 ? [{ mark, said: { zh, en }, of }] : []));
}

function leftAlone(elsewhere: readonly Elsewhere[], asked: Asked): readonly Reason[] {
  if (elsewhere.length === 0) return [];
  const places = elsewhere.map(({ collection, count }) => `${maskId(collection)} ${thousands(count)}`).join(', ');
  // Names come out of documents: what is none stays out of a command.
  const named = elsewhere.filter(({ collection }) => isCollectionName(collection));
  const also = named.filter(({ isCall }) => !isCall).map(({ collection }) => collection);
  const calls = named.filter(({ isCall }) => isCall).map(({ collection }) => collection);
  const commands = [
    ...(also.length > 0
      ? [`wx-durable recover${kindOf(asked)} --also ${[...(asked.also ?? []), ...also].join(',')}`]
      : []),
    ...calls.map((name) => `wx-durable recover${name === collections.works ? '' : ` --records ${name}`}`),
  ];
  return [
    {
      mark: '⚠',
      said: {
        zh: `另有备份记录属于这次没有点名的集合，没有处理：${places}`,
        en: `left alone, since their collections were not named: letters of ${places}`,
      },
    },
    ...commands.map((command): Reason => ({ mark: '➜', said: { zh: command, en: command } })),
  ];
}

function kindOf(asked: Asked): string {
  return isPictures(asked) ? '' : ` --records ${asked.records} --accounts ${asked.accounts}`;
}
