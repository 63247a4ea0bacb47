import { beforeAll, describe, expect, it } from 'vitest';
import type { Document } from '../../../src/store/index.ts';
import { judge, type Answer, type Commit, type Invariant, type PaidCall, type Stored, type Truth } from './checker.ts';
import { runHistory } from './history.ts';

/** A history in which all went well, to be spoiled in one place. */
interface Scene {
  readonly truth: Truth;
  readonly stored: Stored;
  readonly log: readonly Commit[];
}

let scene: Scene;
let done: Document;

// The first history that has a completed picture whose person was told so, and a letter.
beforeAll(async () => {
  for (let seed = 1; ; seed += 1) {
    const { truth, stored, commits } = await runHistory({ seed, calls: 20 });
    const told = new Set(truth.answers.flatMap(({ key, said }) => (said.kind === 'final' ? [key] : [])));
    const found = stored.works.find((work) => work['status'] === 'completed' && told.has(work._id));
    const hasLetter = stored.letters.some(({ state }) => state === 'redriven');
    const isPlain = !truth.planted?.length && !truth.accounts?.some(({ isTampered }) => isTampered);
    if (!found || !hasLetter || !isPlain) continue;
    scene = { truth, stored, log: commits };
    done = found;
    return;
  }
});

const replaced = (documents: readonly Document[], id: string, fields: object): readonly Document[] =>
  documents.map((document) => (document._id === id ? { ...document, ...fields } : document));

const found = (spoil: (scene: Scene) => Partial<Scene>): readonly Invariant[] => {
  const { truth, stored, log } = { ...scene, ...spoil(scene) };
  return [...new Set(judge(truth, stored, log).violations.map(({ invariant }) => invariant))].sort();
};
const works = (change: (works: readonly Document[]) => readonly Document[]) =>
  found(({ stored }) => ({ stored: { ...stored, works: change(stored.works) } }));
const account = (fields: object) =>
  found(({ stored }) => ({ stored: { ...stored, users: replaced(stored.users, String(done['userId']), fields) } }));
/** The last commit of the finished record, and what somebody did after it. */
const afterwards = (place: string, id: string, after: Document | undefined) =>
  found(({ log }) => ({ log: [...log, { seq: log.length + 1, atMs: log.at(-1)?.atMs ?? 0, place, id, after }] }));

describe('the judge of a history', () => {
  it('finds nothing where all went well, and counts every request once', () => {
    expect(found(() => ({}))).toEqual([]);
    const { truth, stored, log } = scene;
    const verdict = judge(truth, stored, log);
    const requests = new Set(truth.answers.map(({ key }) => key)).size;
    expect(verdict.delivered + verdict.refused + verdict.unknown + verdict.onlyInLog).toBe(requests);
    expect(verdict).toMatchObject({ lost: 0, duplicated: 0, paidTwice: 0 });
  });

  it('finds a record that was lost', () => {
    const { truth, stored } = scene;
    const rest = stored.works.filter(({ _id }) => _id !== done._id);
    expect(judge(truth, { ...stored, works: rest }).lost).toBe(1);
    expect(works((all) => all.filter(({ _id }) => _id !== done._id))).toEqual(['I1', 'I10', 'I3']);
  });

  it('finds a record that stands twice', () => {
    const { truth, stored } = scene;
    const keyOf = (work: Document): string => String(work['id']);
    const twice = { ...stored, works: [...stored.works, { ...done, _id: 'copy' }] };
    expect(judge(truth, twice, undefined, { keyOf })).toMatchObject({ duplicated: 1 });
  });

  it('finds a promise that was not kept', () => {
    expect(works((all) => replaced(all, done._id, { status: 'failed' }))).toContain('I3');
    expect(works((all) => replaced(all, done._id, { imageUrl: 'other', asset: null }))).toContain('I3');
  });

  it('finds a record that shows the picture of somebody else', () => {
    const other = Object.keys(scene.truth.pictures ?? {}).find((url) => !url.includes(done._id)) ?? '';
    expect(works((all) => replaced(all, done._id, { imageUrl: other, asset: null }))).toContain('I7');
    expect(works((all) => replaced(all, done._id, { openid: 'o-other' }))).toContain('I7');
  });

  it('finds a record that answers another wish', () => {
    expect(works((all) => replaced(all, done._id, { originalPrompt: '另一个愿望' }))).toEqual(['I6']);
  });

  it('finds what leaked into a record, and dates that are none', () => {
    expect(works((all) => replaced(all, done._id, { backupReason: 'x' }))).toEqual(['I15']);
    expect(works((all) => replaced(all, done._id, { createdAt: '2026-11-22' }))).toEqual(['I15']);
  });

  it('finds records, holds and letters that nobody ever ends', () => {
    expect(works((all) => replaced(all, done._id, { status: 'unknown' }))).toContain('I20');
    expect(account({ quota: { open: 1, holds: { w_1: { st: 'open' } } } })).toContain('I20');
    const letters = scene.stored.letters.map((letter) => ({ ...letter, state: 'waiting' }));
    expect(found(({ stored }) => ({ stored: { ...stored, letters } }))).toContain('I13');
    const own = scene.stored.letters.map((letter) => ({ ...letter, state: 'quarantined' }));
    expect(found(({ stored }) => ({ stored: { ...stored, letters: own } }))).toContain('I13');
  });

  it('finds wrong counters, credits and uses', () => {
    expect(account({ generateCount: 99 })).toEqual(['I10']);
    expect(account({ credits: 99 })).toEqual(['I10']);
    expect(account({ quota: { used: { d20261122: 48 } } })).toEqual(['I10']);
  });

  it('finds what was paid twice', () => {
    const again = scene.truth.paid.find(({ key }) => key === done._id);
    const truth = { ...scene.truth, paid: [...scene.truth.paid, ...(again ? [again] : [])] };
    expect(found(() => ({ truth }))).toEqual(['I8']);
    expect(judge({ ...truth, answers: [] }, scene.stored).paidTwice).toBe(1);
  });

  it('finds a picture that nobody was paid for', () => {
    const paid = scene.truth.paid.filter(({ key }) => key !== done._id);
    expect(found(({ truth }) => ({ truth: { ...truth, paid } }))).toEqual(['I1']);
    // One from before this library has no token; who was paid for it, nobody knows.
    const older = scene.stored.works.map((work) => (work._id === done._id ? { ...work, token: undefined } : work));
    const { stored, truth } = scene;
    expect(judge({ ...truth, paid }, { ...stored, works: older }).violations).toEqual([]);
  });

  it('finds more pictures than the day allows, though their counter is gone', () => {
    const accounts = (scene.truth.accounts ?? []).map((before) => ({ ...before, dailyLimit: 0 }));
    const users = scene.stored.users.map((user) => ({ ...user, quota: { ...(user['quota'] as object), used: {} } }));
    const { truth, stored } = scene;
    const { violations } = judge({ ...truth, accounts }, { ...stored, users });
    expect([...new Set(violations.map(({ invariant }) => invariant))]).toEqual(['I11']);
  });

  it('finds a planted letter that is tried for ever, and lets it be set aside', () => {
    const planted = (state: string) =>
      found(({ truth, stored }) => ({
        truth: { ...truth, planted: ['planted'] },
        stored: { ...stored, letters: [...stored.letters, { _id: 'planted', recordId: done._id, state }] },
      }));
    expect(planted('waiting')).toEqual(['I13']);
    expect(planted('quarantined')).toEqual([]);
  });

  it('finds two functions that paid for one request at once, unless clocks were wrong', () => {
    const own = scene.truth.paid.find(({ key }) => key === done._id) as PaidCall;
    const { atMs } = own;
    const runs = [
      { id: 1, endedAtMs: atMs + 5_000 },
      { id: 2, endedAtMs: atMs + 9_000 },
    ];
    const asked = { ...scene.truth.answers.find(({ key }) => key === done._id), retryUnknown: true } as Answer;
    const paidAgainAt = (againAtMs: number, without: Truth['without']) => {
      const again = { ...own, attempt: own.attempt + 1, run: 2, atMs: againAtMs };
      const paid = [{ ...own, run: 1 }, ...scene.truth.paid.filter((call) => call !== own), again];
      const answers = [...scene.truth.answers, asked];
      return found(({ truth }) => ({ truth: { ...truth, paid, answers, runs, without: without ?? [] } }));
    };
    expect(paidAgainAt(atMs + 1_000, ['wrong clocks'])).toEqual(['I8']);
    expect(paidAgainAt(atMs + 1_000, [])).toEqual([]);
    expect(paidAgainAt(atMs + 6_000, ['wrong clocks'])).toEqual([]);
    // An order of a function that is over: nobody knows when it arrives.
    expect(paidAgainAt(atMs + 10_000, ['wrong clocks'])).toEqual([]);
  });

  it('finds a picture that no tier took, where files could be kept', () => {
    const [first] = scene.truth.answers;
    const told = (said: Answer['said'], without: Truth['without']) => {
      const answers = [...scene.truth.answers, ...(first ? [{ ...first, said }] : [])];
      return found(({ truth }) => ({ truth: { ...truth, answers, without: without ?? [] } }));
    };
    const inLog = { kind: 'final', status: 'completed', imageUrl: 'x', savedIn: 'log', replayed: false } as const;
    const nowhere = { kind: 'error', code: 'WRITE_LOST' } as const;
    for (const said of [inLog, nowhere]) {
      expect(told(said, ['lost files'])).toEqual(['I1']);
      expect(told(said, [])).toEqual([]);
    }
  });

  it('finds money that was spent before anything was written down', () => {
    const paid = scene.truth.paid.map((call) => ({ ...call, seq: 0 }));
    expect(found(({ truth }) => ({ truth: { ...truth, paid } }))).toEqual(['I4']);
  });

  it('finds a function that nothing disturbed, and that did not answer', () => {
    const [first] = scene.truth.answers;
    const said = { kind: 'nothing', why: 'overdue' } as const;
    const answers = [...scene.truth.answers, ...(first ? [{ ...first, said }] : [])];
    expect(found(({ truth }) => ({ truth: { ...truth, answers } }))).toEqual(['I9']);
  });

  it('finds what was wrong at one instant only', () => {
    expect(afterwards('works', done._id, { ...done, status: 'failed' })).toEqual(['I3', 'I5']);
    expect(afterwards('works', done._id, { ...done, token: 'another' })).toEqual(['I5']);
    expect(afterwards('works', done._id, undefined)).toEqual(['I3', 'I5']);
    const user = scene.stored.users.find(({ _id }) => _id === done['userId']) as Document;
    expect(afterwards('users', user._id, { ...user, credits: -1 })).toEqual(['I11']);
    expect(afterwards('users', user._id, { ...user, generateCount: 99 })).toEqual(['I10']);
    const quota = { holds: { [done._id]: { st: 'open' } } };
    expect(afterwards('users', user._id, { ...user, quota })).toEqual(['I5']);
  });

  it('finds a letter that was closed before its copy was there', () => {
    const letter = scene.stored.letters.find(({ state }) => state === 'redriven') as Document;
    const without = scene.log.filter(({ place, id }) => place !== 'works' || id !== letter['recordId']);
    expect(found(() => ({ log: without }))).toContain('I14');
  });

  it('finds a deletion that was told and not kept', () => {
    expect(found(({ truth }) => ({ truth: { ...truth, deletedByUsers: [done._id] } }))).toEqual(
      done['deletedAt'] === undefined ? ['I3'] : [],
    );
  });
});
