import { describe, expect, it } from 'vitest';
import { createChronicle } from './chronicle.ts';
import { createDraws } from './draws.ts';
import { lookAtMeetings } from './meetings.ts';
import type { RunFacts } from './platform.ts';
import { createSimClock } from './sim-clock.ts';
import type { Answer } from './truth.ts';

const run = (functionName: string, startedAtMs: number, endedAtMs: number, isAnswered = true): RunFacts => ({
  ...{ id: startedAtMs, name: functionName, statements: 1 },
  ...{ functionName, startedAtMs, endedAtMs, isAnswered },
});

const asked = (key: string, askedAtMs: number, atMs: number): Answer => ({
  ...{ key, openid: 'o-1', wish: '猫', retryUnknown: false, askedAtMs, atMs },
  said: { kind: 'error', code: 'STORE_UNCERTAIN' },
});

function seenIn(past: Partial<Parameters<typeof lookAtMeetings>[1]>, ...before: readonly string[]): readonly string[] {
  const chronicle = createChronicle(createSimClock(0, createDraws(1, 'none')), false);
  for (const situation of before) chronicle.see(situation);
  lookAtMeetings(chronicle, { answers: [], runs: [], windows: [], ...past });
  return [...chronicle.seen].filter((situation) => !before.includes(situation)).sort();
}

describe('what met in a history', () => {
  it('is functions whose runs overlap, and not those that follow one another', () => {
    expect(seenIn({ runs: [run('recover', 0, 10), run('recover', 9, 20)] })).toEqual(['at once: two recoveries']);
    expect(seenIn({ runs: [run('recover', 0, 10), run('recover', 10, 20)] })).toEqual([]);
    const beside = [run('generateImage', 0, 10), run('recover', 5, 20), run('repair', 9, 12)];
    expect(seenIn({ runs: beside })).toEqual(['at once: recovery and a call', 'at once: repair and a call']);
  });

  it('is a call in an outage, by the place that was down', () => {
    const windows = [{ fromMs: 5, toMs: 8, place: 'works', shows: 'hang' } as const];
    expect(seenIn({ runs: [run('generateImage', 0, 10)], windows })).toEqual(['call in an outage of: works']);
    expect(seenIn({ runs: [run('generateImage', 8, 10), run('recover', 0, 8)], windows })).toEqual([]);
  });

  it('is what ended before its answer, and what struck it', () => {
    expect(seenIn({ runs: [run('prune', 0, 10, false)] })).toEqual(['ended before its answer: prune']);
    expect(seenIn({}, 'freeze before insert works')).toEqual(['struck by: freeze']);
  });

  it('is a request that was asked for again, before the first answer or after it', () => {
    expect(seenIn({ answers: [asked('w_1', 5, 9), asked('w_1', 0, 10)] })).toEqual(['asked twice at once']);
    expect(seenIn({ answers: [asked('w_1', 0, 10), asked('w_1', 10, 12)] })).toEqual(['asked again']);
    expect(seenIn({ answers: [asked('w_1', 0, 10), asked('w_2', 5, 12)] })).toEqual([]);
  });
});
