/** Those who ask for pictures, ask again, ask twice at once, lose patience, and delete what they have. */
import { recordId, sleep } from '../../../src/core/index.ts';
import { simHash } from './sim-hash.ts';
import { createDraws, type Draws } from './draws.ts';
import type { Conditions } from './line.ts';
import type { Platform } from './platform.ts';
import type { Habits } from './profile.ts';
import type { CallRequest } from './system.ts';
import type { Answer, Said } from './truth.ts';

export interface People {
  readonly answers: readonly Answer[];
  readonly deletedByUsers: readonly string[];
  /** Everybody lives through the time from now on; resolves when nobody has anything left to ask. */
  live(calls: number, spanMs: number): Promise<void>;
}

interface Intent {
  readonly request: CallRequest;
  readonly key: string;
  readonly draws: Draws;
}

/** Told so, asking again is no use. */
const HOPELESS = new Set(['QUOTA_EXCEEDED', 'CREDITS_INSUFFICIENT', 'IDEMPOTENCY_MISMATCH', 'USER_INVALID']);
/** Few names for requests: now and then one is used again, by the same person or by another. */
const NAMES_PER_CALL = 2;
const HABITS: Omit<Habits, 'names'> = {
  sameWish: 0.95,
  returns: 0.15,
  looksAgain: 0.9,
  removes: 0.12,
  retries: 0.6,
  unasked: 0.1,
  waitsMs: [200, 2_000, 2_000, 70_000, 600_000, 25 * 3_600_000],
  jitter: 0.5,
};
/** While what was told is not where it belongs yet. */
const SOON_MS = [1_000, 5_000, 10_000, 15_000];
/** A run of `generate` that is struck is struck at one of so many statements. */
const CALL_STEPS = 14;

export function createPeople(conditions: Conditions, platform: Platform, openids: readonly string[]): People {
  const { clock, chronicle, profile, seed } = conditions;
  const habits = { ...HABITS, ...profile.habits };
  const answers: Answer[] = [];
  const deletedByUsers: string[] = [];
  let callsLeft = 0;

  const call = async ({ request, key, draws }: Intent, retryUnknown: boolean): Promise<Said> => {
    callsLeft -= 1;
    const { openid, requestId, wish } = request;
    const askedAtMs = clock.now();
    const asked = { openid, requestId, wish, retryUnknown };
    const name = `call ${answers.length + 1}`;
    const where = { functionName: 'generateImage', name, timeoutMs: profile.timeoutMs, steps: CALL_STEPS };
    chronicle.tell('client', () => `asks ${key} "${wish}"${retryUnknown ? ', to pay again' : ''}`);
    const outcome = await platform.run(where, (booted, deadline) => booted.call(asked, deadline));
    // On its way back to the phone an answer may be lost like any other.
    const isUnheard = !conditions.isHealed && draws.chance(profile.troubles['answer-lost']);
    const heard: Said = 'nothing' in outcome ? { kind: 'nothing', why: outcome.nothing } : outcome.answer;
    const said: Said = isUnheard && heard.kind !== 'nothing' ? { kind: 'nothing', why: 'killed' } : heard;
    const seq = chronicle.commits.length;
    answers.push({ key, openid, wish, retryUnknown, askedAtMs, atMs: clock.now(), seq, said });
    chronicle.tell('client', () => `is told of ${key}: ${JSON.stringify(said)}`);
    return said;
  };

  const remove = async ({ request, key }: Intent): Promise<void> => {
    const where = { functionName: 'generateImage', name: `deletes`, timeoutMs: profile.timeoutMs, steps: 4 };
    const outcome = await platform.run(where, async (booted, deadline) =>
      booted.remove?.(request.openid, key, deadline),
    );
    chronicle.tell('client', () => `deletes ${key}: ${JSON.stringify(outcome)}`);
    if (!('answer' in outcome) || !outcome.answer) return;
    chronicle.see('deleted by its owner');
    deletedByUsers.push(key);
  };

  const pursue = async (intent: Intent): Promise<void> => {
    const { draws } = intent;
    let retryUnknown = false;
    while (callsLeft > 0) {
      // The platform may deliver one event twice, and a thumb may tap twice.
      const isTwin = draws.chance(0.12) && callsLeft > 1;
      const [said]: readonly [Said, ...Said[]] = await Promise.all([
        call(intent, retryUnknown),
        ...(isTwin ? [sleep(clock, draws.exponential(100)).then(() => call(intent, retryUnknown))] : []),
      ]);
      if (said.kind === 'error' && HOPELESS.has(said.code)) return;
      if (said.kind === 'final') {
        if (draws.chance(habits.removes)) await remove(intent);
        // What is not where it belongs yet is asked for again more often.
        if (!draws.chance(said.savedIn === 'works' ? habits.returns : habits.looksAgain)) return;
      } else if (draws.chance(0.25)) return;
      // Somebody who was told so wants it again; now and then somebody does without having been told.
      const isTold = said.kind === 'error' && said.code === 'ONCE_UNKNOWN';
      retryUnknown = draws.chance(isTold ? habits.retries : habits.unasked);
      const isElsewhere = said.kind === 'final' && said.savedIn !== 'works';
      await sleep(
        clock,
        draws.pick(isElsewhere ? SOON_MS : habits.waitsMs) * draws.between(1 - habits.jitter, 1 + habits.jitter),
      );
    }
  };

  return {
    answers,
    deletedByUsers,
    async live(calls, spanMs) {
      callsLeft = calls;
      const plan = createDraws(seed, 'people');
      const names = habits.names ?? calls * NAMES_PER_CALL;
      const lives = Array.from({ length: calls }, async (_, number) => {
        const intent = intentOf({ seed, openids, names, sameWish: habits.sameWish, number });
        await sleep(clock, plan.next() * spanMs);
        if (callsLeft > 0) await pursue(intent);
      });
      await Promise.all(lives);
    },
  };
}

function intentOf(from: {
  readonly seed: number;
  readonly openids: readonly string[];
  readonly names: number;
  readonly sameWish: number;
  readonly number: number;
}): Intent {
  const { seed, openids, names, sameWish, number } = from;
  const draws = createDraws(seed, 'intent', number);
  const openid = draws.pick(openids);
  const requestId = `r${draws.int(names)}`;
  const wish = draws.chance(sameWish) ? `猫 ${requestId}` : '狗';
  return {
    request: { openid, requestId, wish, retryUnknown: false },
    key: recordId(simHash, openid, requestId),
    draws,
  };
}
