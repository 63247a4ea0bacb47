/** A history, drawn from its seed: pure, so that the same seed is the same history. */
import { createDraw, type Draw } from './draw.ts';
import { placeAtStatement, placeElsewhere, placeOutage } from './fault-kinds.ts';
import type { Act, History, Person, PlacedFault, Round, Wish } from './history.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Few, because each is painted anew by every process, for a quarter of a second. */
const PROMPTS = ['海边的灯塔', '会飞的鲸鱼', '竹林里的熊猫'] as const;
const REFUSED_PROMPT = '[fail] 拒绝的愿望';
const OTHER_PROMPT = '另一个愿望';

/** Each call at once is an instance, whose start takes a third of a second of a processor. */
const AT_ONCE = 4;

/** The statements of one call, about: with retries and recovery there are more. */
const STATEMENTS_OF_A_CALL = 10;

/** The history of a seed: 2 to 4 people, 4 to 12 calls in rounds, and what they do with what they got. */
export function planHistory(seed: number): History {
  const draw = createDraw(seed);
  const people = Array.from({ length: draw.whole(2, 4) }, (_, index) => planPerson(draw, `o${seed}-${index}`));
  const told: Wish[] = [];
  const rounds: Round[] = [];
  for (let left = draw.whole(4, 12); left > 0;) {
    const calls = Math.min(left, draw.whole(1, AT_ONCE));
    rounds.push(planRound({ draw, people, told }, calls));
    left -= calls;
  }
  return { seed, people, rounds };
}

function planPerson(draw: Draw, openid: string): Person {
  if (draw.chance(0.1)) return { openid };
  const isVip = draw.chance(0.15);
  const credits = draw.chance(0.25) ? draw.whole(0, 2) : draw.whole(10, 20);
  const usedToday = draw.chance(0.2) ? draw.whole(47, 50) : 0;
  return { openid, account: { credits, isVip, usedToday, wrongCount: draw.chance(0.15) ? draw.whole(1, 9) : 0 } };
}

interface Scene {
  readonly draw: Draw;
  readonly people: readonly Person[];
  /** What was wished so far. */
  readonly told: Wish[];
}

function planRound(scene: Scene, calls: number): Round {
  const { draw } = scene;
  const acts: Act[] = [];
  for (let left = calls; left > 0;) {
    const next = planActs(scene, left);
    left -= next.filter(({ kind }) => kind === 'wish').length;
    acts.push(...next);
  }
  if (draw.chance(0.3)) acts.push({ ...maintain('recoverFromBackup'), afterMs: draw.whole(0, 500) });
  if (draw.chance(0.15)) acts.push({ ...maintain('fixUserConsistency'), afterMs: draw.whole(0, 500) });
  return { faults: planFaults(draw, calls), acts, forwardMs: planPause(draw) };
}

const maintain = (name: 'recoverFromBackup' | 'fixUserConsistency') => ({ kind: 'maintain', function: name }) as const;

/** What one person does next: at most `most` calls. */
function planActs(scene: Scene, most: number): readonly Act[] {
  const { draw, told } = scene;
  const afterMs = draw.whole(0, 400);
  const known = told.length > 0 ? draw.pick(told as [Wish, ...Wish[]]) : undefined;
  const kind = draw.weighted({ wish: 8, again: 3, insist: 3, twins: 2, mismatch: 1, delete: 1, history: 1 });
  if (known === undefined || kind === 'wish' || kind === 'twins') {
    const wish = planWish(scene);
    told.push(wish);
    if (kind !== 'twins' || most < 2) return [{ ...wish, afterMs }];
    return [
      { ...wish, afterMs },
      { ...wish, afterMs: afterMs + draw.whole(0, 60) },
    ];
  }
  const { person, request } = known;
  if (kind === 'delete' || kind === 'history') return [{ kind, person, request, afterMs }];
  if (kind === 'mismatch') return [{ ...known, prompt: OTHER_PROMPT, repeats: 0, afterMs }];
  return [{ ...known, retryUnknown: kind === 'insist', afterMs }];
}

function planWish({ draw, people, told }: Scene): Wish {
  const number = told.length;
  const prompt = draw.chance(0.12) ? REFUSED_PROMPT : PROMPTS[number % PROMPTS.length];
  return {
    kind: 'wish',
    person: draw.whole(0, people.length - 1),
    request: `r${number}`,
    prompt: prompt ?? PROMPTS[0],
    retryUnknown: false,
    repeats: draw.whole(0, 2),
  };
}

function planFaults(draw: Draw, calls: number): readonly PlacedFault[] {
  const isCalm = draw.chance(0.15);
  if (isCalm) return [];
  const last = STATEMENTS_OF_A_CALL * calls;
  const statements = new Set(Array.from({ length: draw.whole(1, 3) }, () => draw.whole(1, last)));
  // The later place first: an earlier rule in the list that acts hides its statement from those behind it.
  const placed = [...statements].sort((a, b) => b - a).map((statement) => placeAtStatement(draw, statement));
  const elsewhere = draw.chance(0.6) ? [placeElsewhere(draw)] : [];
  const outage = draw.chance(0.4) ? placeOutage(draw) : [];
  return [...placed, ...elsewhere, ...outage];
}

/** At once, after a while, after the lease, much later, the next day. */
function planPause(draw: Draw): number {
  const pause = draw.weighted({ none: 5, while: 3, lease: 6, hour: 2, day: 1 });
  return { none: 0, while: 5 * SECOND_MS, lease: 90 * SECOND_MS, hour: HOUR_MS, day: 25 * HOUR_MS }[pause];
}
