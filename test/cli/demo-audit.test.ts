import { describe, expect, it } from 'vitest';
import { audit, type Evidence } from '../../src/cli/demo/audit.ts';
import { isKept, renderFigures } from '../../src/cli/demo/report.ts';

const answer = { code: 200, error: '', workId: 'w_1', imageUrl: 'cloud://a', savedIn: 'works' };
const work = { _id: 'w_1', userId: 'u', requestId: 'demo-1', status: 'completed', imageUrl: 'cloud://a' };
const user = { _id: 'u', generateCount: 1, credits: 19, quota: { open: 0, used: { d20261122: 1 } } };
const paid = { atMs: 1, requestId: 'w_1_1', promptSha256: '', outcome: 'painted' } as const;

const sound: Evidence = {
  wishes: [{ openid: 'o', requestId: 'demo-1', prompt: 'p', answers: [answer] }],
  paid: [paid],
  works: [work],
  letters: [],
  users: [user],
  log: [],
  initialCredits: 20,
};

describe('audit', () => {
  it('finds a sound world sound', () => {
    const figures = audit(sound);
    expect(figures).toMatchObject({ calls: 1, delivered: 1, records: 1, lost: 0, duplicates: 0, paidTwice: 0 });
    expect(isKept(figures)).toBe(true);
  });

  it('counts a payment without a record as lost', () => {
    expect(audit({ ...sound, works: [], users: [] }).lost).toBeGreaterThan(0);
  });

  it('counts a record that differs from what was acknowledged as lost', () => {
    expect(audit({ ...sound, works: [{ ...work, imageUrl: 'cloud://b' }] }).lost).toBe(1);
    expect(audit({ ...sound, works: [{ ...work, status: 'failed' }] }).lost).toBe(1);
  });

  it('counts a second record of one request as a duplicate', () => {
    const figures = audit({ ...sound, works: [work, { ...work, _id: 'w_2' }] });
    expect(figures.duplicates).toBe(1);
    expect(isKept(figures)).toBe(false);
  });

  it('counts a second order for one record as paid twice', () => {
    expect(audit({ ...sound, paid: [paid, { ...paid, requestId: 'w_1_2' }] }).paidTwice).toBe(1);
  });

  it('notices a wrong counter, a wrong credit, a wrong usage and a hold left open', () => {
    const wrong = [
      { ...user, generateCount: 2 },
      { ...user, credits: 18 },
      { ...user, quota: { ...user.quota, used: { d20261122: 2 } } },
      { ...user, quota: { ...user.quota, open: 1 } },
    ];
    for (const one of wrong) expect(audit({ ...sound, users: [one] }).countersRight).toBe(false);
  });

  it('counts letters in the collection and in storage, and those whose record came home', () => {
    const log = [{ op: 'putFile', id: 'wx-durable/letters/w_9_1.json' }];
    expect(audit({ ...sound, letters: [{ _id: 'w_1_1' }], log })).toMatchObject({ deadLetters: 2, redriven: 1 });
  });
});

describe('renderFigures', () => {
  it('keeps within 80 columns and says when the promise was broken', () => {
    const broken = renderFigures(audit({ ...sound, works: [], users: [] }), 'zh');
    expect(broken.every((line) => line.length <= 80)).toBe(true);
    expect(broken.at(-1)).toContain('❌');
    expect(renderFigures(audit(sound), 'en').at(-1)).toContain('✅');
  });
});
