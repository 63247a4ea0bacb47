import { describe, expect, it } from 'vitest';
import type { Document } from '../../../src/store/index.ts';
import { createFindings } from './findings.ts';
import { judgeOpenings } from './judge-openings.ts';
import type { Answer, Commit, Spared } from './truth.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 4);
const HOUR_MS = 3_600_000;
const KEY = 'w_1';

/** An account with one credit of price one, and one more picture on this day. */
const USER: Document = { _id: 'u_1', openid: 'o-1', credits: 1, quota: { used: { d20261122: 1 } } };

const commitOf = (atMs: number, after: Document): Commit => ({ seq: 0, atMs, place: 'users', id: after._id, after });

/** A call that was asked for at `atMs`, and answered a second later. */
const refused = (code: string, atMs: number, more: Partial<Answer> = {}): Answer => ({
  ...{ key: KEY, openid: 'o-1', wish: '猫', retryUnknown: false, seq: 0 },
  ...{ askedAtMs: atMs, atMs: atMs + 1_000, said: { kind: 'error', code } },
  ...more,
});

interface Scene {
  readonly commits: readonly Commit[];
  readonly answers?: readonly Answer[];
  readonly without?: readonly Spared[];
}

function found({ commits, answers = [], without = [] }: Scene): readonly string[] {
  const log = [commitOf(NOON_MS - HOUR_MS, USER), ...commits].map((commit, index) => ({ ...commit, seq: index + 1 }));
  const findings = createFindings();
  const accounts = [{ userId: 'u_1', credits: 1, price: 1, dailyLimit: 2, triesLimit: 6 }];
  const told = answers.map((answer) => ({
    ...answer,
    seq: log.filter(({ atMs }) => atMs <= answer.atMs).length,
  }));
  judgeOpenings({ paid: [], answers: told, deletedByUsers: [], accounts, without }, log, findings);
  return findings.violations.map(({ invariant, words }) => `${invariant} ${words}`);
}

const holding = (hold: object | undefined, fields: object = {}): Document => ({
  ...USER,
  ...fields,
  quota: { used: { d20261122: 1 }, tries: { d20261122: 1, d20261123: 1 }, holds: hold ? { [KEY]: hold } : {} },
});

describe('somebody who is refused', () => {
  it.each([
    ['CREDITS_INSUFFICIENT', { ...USER, credits: 0 }],
    ['QUOTA_EXCEEDED', { ...USER, quota: { used: { d20261122: 2 } } }],
    ['QUOTA_EXCEEDED', { ...USER, quota: { tries: { d20261122: 6 } } }],
    ['STORE_CONFLICT', holding({ st: 'void' })],
  ])('as %s has been refused for a reason, while there is one and no longer', (code, reason) => {
    const words = `I11 refused as ${code}, and there was no reason for it`;
    const call = refused(code, NOON_MS);
    expect(found({ commits: [], answers: [call] })).toEqual([words]);
    expect(found({ commits: [commitOf(NOON_MS + 500, reason)], answers: [call] })).toEqual([]);
    const over = [commitOf(NOON_MS - 60_000, reason), commitOf(NOON_MS + 500, holding(undefined))];
    expect(found({ commits: over, answers: [call] })).toEqual([]);
    const longOver = [commitOf(NOON_MS - 60_000, reason), commitOf(NOON_MS - 30_000, holding(undefined))];
    expect(found({ commits: longOver, answers: [call] })).toEqual([words]);
    const tooLate = [commitOf(NOON_MS + 2_000, reason)];
    expect(found({ commits: tooLate, answers: [call] })).toEqual([words]);
  });

  it('is not looked after where nobody knows the person, or when they asked', () => {
    expect(found({ commits: [], answers: [refused('QUOTA_EXCEEDED', NOON_MS, { openid: 'o-2' })] })).toEqual([]);
    const { askedAtMs: _asked, ...undated } = refused('QUOTA_EXCEEDED', NOON_MS);
    expect(found({ commits: [], answers: [undated] })).toEqual([]);
  });

  it('for another wish has somebody who had another wish by that name before', () => {
    const call = refused('IDEMPOTENCY_MISMATCH', NOON_MS);
    const other = refused('ONCE_IN_PROGRESS', NOON_MS - 1_000, { wish: '狗' });
    const later = refused('ONCE_IN_PROGRESS', NOON_MS + 2_000, { wish: '狗' });
    const words = 'I6 refused for another wish, which nobody had under its name';
    expect(found({ commits: [], answers: [call] })).toEqual([words]);
    expect(found({ commits: [], answers: [call, later] })).toEqual([words]);
    expect(found({ commits: [], answers: [call, other] })).toEqual([]);
  });
});

describe('a call that is opened', () => {
  const EVENING_MS = Date.UTC(2026, 10, 22, 16, 30);
  const opened = (day: string, atMs: number, without: readonly Spared[]) =>
    found({ commits: [commitOf(atMs, holding({ st: 'open', day, at: atMs }))], without });

  it('counts on the day that it is in Beijing', () => {
    expect(opened('20261123', EVENING_MS, ['wrong clocks'])).toEqual([]);
    expect(opened('20261122', EVENING_MS, ['wrong clocks'])).toEqual([
      'I11 opened at 2026-11-22T16:30:00.000Z, and counted on 20261122',
    ]);
  });

  it('may have been asked for just before midnight, or minutes away from it where clocks are wrong', () => {
    const midnightMs = Date.UTC(2026, 10, 22, 16);
    expect(opened('20261122', midnightMs + 30_000, ['wrong clocks'])).toEqual([]);
    expect(opened('20261122', midnightMs + 300_000, ['wrong clocks'])).not.toEqual([]);
    expect(opened('20261122', midnightMs + 300_000, [])).toEqual([]);
    expect(opened('20261123', midnightMs - 300_000, [])).toEqual([]);
    expect(opened('20261123', midnightMs - 300_000, ['wrong clocks'])).not.toEqual([]);
  });

  it('is under way, where nothing kept it from taking back what it had opened', () => {
    const commits = [commitOf(NOON_MS + 5_000, holding({ st: 'open', day: '20261122', at: NOON_MS }))];
    const answers = [refused('STORE_UNCERTAIN', NOON_MS)];
    const words = 'I11 opened after its person had been refused, and kept what it costs';
    expect(found({ commits, answers, without: ['lost refusals'] })).toEqual([words]);
    expect(found({ commits, answers })).toEqual([]);
    const again = [...answers, refused('STORE_UNCERTAIN', NOON_MS + 4_500)];
    expect(found({ commits, answers: again, without: ['lost refusals'] })).toEqual([]);
  });

  it('is counted as a try of the day, and is none too many', () => {
    const day = '20261122';
    const opening = (id: string, tries: number | undefined): Document => ({
      ...USER,
      quota: {
        ...(tries === undefined ? {} : { tries: { [`d${day}`]: tries } }),
        holds: { [id]: { st: 'open', day, at: NOON_MS } },
      },
    });
    const openings = (...tries: readonly (number | undefined)[]) =>
      found({ commits: tries.map((count, n) => commitOf(NOON_MS + n, opening(`w_${n}`, count))) });
    expect(openings(1, 2, 3)).toEqual([]);
    expect(openings(undefined)).toEqual([`I11 opened 1 times on d${day}, and counted 0`]);
    expect(openings(1, 2, 2)).toEqual([`I11 opened 3 times on d${day}, and counted 2`]);
    expect(openings(1, 2, 3, 4, 5, 6, 7)).toEqual([`I11 opened 7 times on d${day}, at most 6 are allowed`]);
  });
});
