import type { Emulator, FaultRule } from '../../emulator/index.ts';
import { prompts } from './prompts.ts';
import { ask, isDelivered, type Wish } from './people.ts';

/** One part of the demonstration: what is broken, and who asks meanwhile. */
export interface Act {
  readonly name: { readonly zh: string; readonly en: string };
  readonly faults: readonly FaultRule[];
  readonly wishes: number;
  /** Calls under way at once. */
  readonly parallel: number;
  /** Whether the mini program asks again at once when it gets no picture. */
  readonly asksAgain: boolean;
}

const FROM = { from: 'generateImage' } as const;
const DATABASE = { ...FROM, action: ['insertDocument', 'getDocument', 'modifyDocument'] } as const;

/** Reading the user and the record, and opening: then the picture is paid for. */
const STATEMENTS_BEFORE_PAYING = 3;

const acts: readonly Act[] = [
  { name: { zh: '一切正常', en: 'all is well' }, faults: [], wishes: 12, parallel: 4, asksAgain: true },
  {
    name: { zh: 'works 集合不可写', en: 'works cannot be written' },
    faults: [{ ...FROM, action: 'insertDocument', collection: 'works', inject: 'reset-before' }],
    wishes: 8,
    parallel: 4,
    asksAgain: true,
  },
  {
    name: { zh: '整个数据库丢失应答', en: 'the whole database loses answers' },
    faults: [{ ...DATABASE, inject: 'reset-after', probability: 0.25, seed: 7 }],
    wishes: 10,
    parallel: 4,
    asksAgain: true,
  },
  {
    name: { zh: '付费之后数据库消失', en: 'the database is gone after payment' },
    faults: [{ ...DATABASE, inject: 'refused', skip: STATEMENTS_BEFORE_PAYING }],
    wishes: 1,
    parallel: 1,
    asksAgain: false,
  },
  ...(['kill-before', 'kill-after'] as const).map((inject): Act => ({
    name: {
      zh: inject === 'kill-before' ? '函数在付费后、写入前被终止' : '函数在写入后、回答前被终止',
      en:
        inject === 'kill-before' ? 'killed after paying, before recording' : 'killed after recording, before answering',
    },
    faults: [{ ...FROM, action: 'insertDocument', collection: 'works', inject, times: 1 }],
    wishes: 1,
    parallel: 1,
    asksAgain: false,
  })),
];

/** Calls that are killed: at most as many results may stay unknown. */
export const KILLS = acts.filter((act) => act.faults.some(({ inject }) => inject.startsWith('kill'))).length;

/** How often each act is played: single calls are repeated so that faults always meet the same step. */
const ROUNDS: Readonly<Record<string, number>> = { 'the database is gone after payment': 3 };

const people: readonly string[] = ['oDemoAnna', 'oDemoBo', 'oDemoChen', 'oDemoDing', 'oDemoEva'];

/** Somebody who watches the acts. */
export interface Audience {
  begins(act: Act): void;
  answered(wish: Wish): void;
}

/** Plays all acts; answers every wish with what its client saw. */
export async function play(emulator: Emulator, audience: Audience): Promise<readonly Wish[]> {
  const wishes: Wish[] = [];
  await registerEverybody(emulator);
  for (const act of acts) {
    audience.begins(act);
    for (let round = 0; round < (ROUNDS[act.name.en] ?? 1); round += 1) {
      const part = Array.from({ length: act.wishes }, (_, index) => wishFor(wishes.length + index));
      wishes.push(...part);
      emulator.faults.set(act.faults);
      await inParallel(part, act.parallel, async (wish) => {
        await ask(emulator, wish);
        if (act.asksAgain && !isDelivered(wish)) await ask(emulator, wish);
        audience.answered(wish);
      });
    }
  }
  emulator.faults.clear();
  return wishes;
}

function wishFor(index: number): Wish {
  const openid = people[index % people.length] ?? '';
  return { openid, requestId: `demo-${index + 1}`, prompt: prompts[index] ?? `第 ${index + 1} 张图`, answers: [] };
}

// First use registers a person, with one statement more: the acts count statements, so that comes before.
async function registerEverybody(emulator: Emulator): Promise<void> {
  for (const [index, openid] of people.entries()) {
    await ask(emulator, { openid, requestId: 'first', prompt: `[fail] 注册 ${index}`, answers: [] });
  }
}

async function inParallel<T>(items: readonly T[], width: number, run: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: width }, work));
}
