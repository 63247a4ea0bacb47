/** Attacks 5, 14 and 17: what lies in storage under a letter's name, and lines that somebody else wrote into a log. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/core/index.ts';
import { createSeal, nodeClock } from '../../src/core/node/index.ts';
import { createLogLetters } from '../../src/durable/index.ts';
import { letterFile } from '../../src/durable/tiers.ts';
import { createCloudbaseBlobs, createCloudbaseStore } from '../../src/store/cloudbase/index.ts';
import type { Document } from '../../src/store/index.ts';
import { openSdk } from '../support/in-process.ts';
import { composeLetterWith } from '../support/letters.ts';
import { person, userIdOf, workIdOf } from '../support/local-cloud.ts';
import { testHash } from '../support/ports.ts';
import { createAttackStage, KEY, medianMs, type AttackStage } from './stage.ts';
import { AGO_MS, FORGED, MALLORY, OTHER_KEY, VICTIM, workOf } from './letters.ts';

let stage: AttackStage;

beforeAll(async () => {
  stage = await createAttackStage({ env: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_KEY: KEY } });
});

afterAll(() => stage.close());

async function begin(): Promise<void> {
  await stage.load('works', []);
  await stage.load('durable_jobs', []);
  await stage.load('users', [person(VICTIM), person(MALLORY)]);
}

describe("a file under a letter's name in a bucket that clients can write to", () => {
  const record = workOf(VICTIM, 'stored');
  const held = (): Document => heldFor(record, VICTIM);
  const heldFor = ({ _id, token }: Document, openid: string): Document =>
    person(openid, {
      credits: 19,
      quota: {
        ...{ open: 1, seq: 1, used: {}, tries: {} },
        holds: {
          [_id]: {
            ...{ st: 'open', token, attempt: 1, hash: 'h', price: 1, day: '20261101' },
            ...{ at: nodeClock.now() - AGO_MS, until: nodeClock.now() - AGO_MS / 2 },
          },
        },
      },
    });

  async function recoverWith(content: string | Uint8Array): Promise<Document | undefined> {
    await begin();
    await stage.load('users', [held()]);
    await stage.load('emergency_backup', []);
    const blobs = createCloudbaseBlobs(openSdk(stage), nodeClock, fetch);
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    await blobs.put(letterFile(`${record._id}_1`), bytes, { timeoutMs: 60_000 });
    expect(await stage.maintain('recoverFromBackup')).toMatchObject({ code: 200 });
    return stage.get('works', record._id);
  }

  const genuine = composeLetterWith(record, { key: KEY });

  test.each([
    ['a plain letter with a digest', canonicalJson(composeLetterWith({ ...record, ...FORGED, token: 'guessed' }, {}))],
    ['a letter under another key', createSeal(OTHER_KEY).close(canonicalJson(genuine))],
    [
      'a sealed letter with one character changed',
      createSeal(KEY)
        .close(canonicalJson(genuine))
        .replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
    ],
    ['a list', '[1,2,3]'],
    ['null', 'null'],
    ['brackets 100,000 deep', `{"payload":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a million keys', `{${Array.from({ length: 1_000_000 }, (_, n) => `"k${n}":0`).join()}}`],
    ['something compressed, which nobody unpacks', new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])],
    ['forty million characters', `{"payload":{"_id":"x","note":"${'x'.repeat(40_000_000)}"}}`],
  ])('is no evidence of anything: %s', async (_what, content) => {
    // At most it is noted that nobody knows: that is said of every call without evidence.
    expect((await recoverWith(content))?.['status'] ?? 'unknown').toBe('unknown');
    expect(await stage.get('users', userIdOf(VICTIM))).toMatchObject({
      credits: 19,
      generateCount: 0,
      quota: { open: 1 },
    });
  });

  test('is evidence where this deployment sealed it', async () => {
    expect(await recoverWith(createSeal(KEY).close(canonicalJson(genuine)))).toMatchObject({
      status: 'completed',
      imageUrl: record['imageUrl'],
    });
    expect(await stage.get('users', userIdOf(VICTIM))).toMatchObject({ generateCount: 1, quota: { open: 0 } });
  });

  test('of thirty megabytes, under the names of many calls at once, end no recovery of 256 MB, and are named', async () => {
    await begin();
    await stage.load('emergency_backup', []);
    const blobs = createCloudbaseBlobs(openSdk(stage), nodeClock, fetch);
    const mallories = Array.from({ length: 12 }, (_, n) => {
      const own = workOf(`${MALLORY}${n}`, 'planted');
      return { own, account: heldFor(own, `${MALLORY}${n}`) };
    });
    await stage.load('users', [held(), ...mallories.map(({ account }) => account)]);
    await blobs.put(
      letterFile(`${record._id}_1`),
      new TextEncoder().encode(createSeal(KEY).close(canonicalJson(genuine))),
    );
    for (const [n, { own }] of mallories.entries()) {
      const size = n === 0 ? 40_000_000 : 30_000_000;
      await blobs.put(letterFile(`${own._id}_1`), new Uint8Array(size).fill(0x78), { timeoutMs: 60_000 });
    }
    const answer = await stage.maintain('recoverFromBackup');
    const { phases } = answer.data as {
      phases: Record<string, { done: number; failed: { id: string; code: string }[] }>;
    };
    expect(answer.code).toBe(200);
    expect(phases['holds']?.done).toBe(1);
    const byCode = (code: string) => phases['holds']?.failed.filter((each) => each.code === code).map(({ id }) => id);
    expect(byCode('STORE_TOO_LARGE')).toEqual([mallories[0]?.own._id]);
    expect(byCode('LETTER_INVALID')).toHaveLength(11);
    expect(await stage.get('works', record._id)).toMatchObject({ status: 'completed' });
  }, 120_000);

  test("of three hundred million characters costs one whole letter's time to refuse, not its own to take apart", async () => {
    const { decodeLetter } = await import('../../src/durable/tiers.ts');
    const huge = new Uint8Array(300_000_000).fill(0x7b);
    const small = new TextEncoder().encode('{"payload":1');
    const refuse = (bytes: Uint8Array) => async () => expect(() => decodeLetter(bytes)).toThrow(/LETTER_INVALID/);
    const [slow, quick] = [await medianMs(9, refuse(huge)), await medianMs(9, refuse(small))];
    expect(slow / Math.max(quick, 0.05)).toBeLessThan(100);
  });
});

describe('a log that somebody else wrote lines into', () => {
  const seal = createSeal(KEY);
  const letters = () =>
    createLogLetters({ store: createCloudbaseStore(openSdk(stage), nodeClock), hash: testHash, seal });
  const genuine = seal.close(canonicalJson(composeLetterWith(workOf(VICTIM, 'logged'), { key: KEY })));

  test.each([
    [
      'sealed under another key',
      createSeal(OTHER_KEY).close(canonicalJson(composeLetterWith(workOf(VICTIM, 'x'), { key: KEY }))),
    ],
    ['altered in one character', genuine.replace(/.{5}$/, 'AAAAA')],
    ['cut off', genuine.slice(0, -20)],
    ['of another version', genuine.replace('v1.', 'v2.')],
    [
      'not sealed at all',
      `v1.${Buffer.from(canonicalJson(composeLetterWith(workOf(VICTIM, 'x'), {}))).toString('base64url')}`,
    ],
    [
      'sealed by us, but with a record that carries only a digest',
      seal.close(canonicalJson(composeLetterWith(workOf(VICTIM, 'x'), {}))),
    ],
  ])('gives no letter where its seal is %s', async (_what, token) => {
    const { sent } = await stage.harmless(async () => {
      expect(() => letters().read(token)).toThrow(expect.objectContaining({ code: 'LETTER_INVALID' }));
    });
    expect(sent).toEqual([]);
  });

  test('gives the one that this deployment sealed', () => {
    const line = JSON.stringify({ event: 'write.sealed', sealed: genuine });
    expect(
      letters()
        .tokensIn(line)
        .map((token) => letters().read(token).recordId),
    ).toEqual([workIdOf(VICTIM, 'logged')]);
  });

  test('is read in time that grows with its length alone', async () => {
    const read = (line: string) => async () => letters().tokensIn(line);
    const ordinary = `write.sealed ${'a'.repeat(1_000_000)}`;
    const hostile = [`write.sealed ${'v1.'.repeat(333_333)}`, `write.sealed ${`v1.${'a'.repeat(39)}.`.repeat(23_000)}`];
    const usual = await medianMs(7, read(ordinary));
    for (const line of hostile) expect((await medianMs(7, read(line))) / Math.max(usual, 0.2)).toBeLessThan(100);
  });
});
