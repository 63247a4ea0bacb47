/** Attacks 5, 14 and 17: a backup collection, a log and a bucket that somebody else can write to. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/core/index.ts';
import { createSeal, nodeClock } from '../../src/core/node/index.ts';
import { createLogLetters } from '../../src/durable/index.ts';
import { createCloudbaseStore } from '../../src/store/cloudbase/index.ts';
import { openSdk } from '../support/in-process.ts';
import { composeLetterWith } from '../support/letters.ts';
import { person, userIdOf, workIdOf } from '../support/local-cloud.ts';
import { testHash } from '../support/ports.ts';
import { createAttackStage, KEY, type AttackStage } from './stage.ts';
import { digestOver, FORGERIES, MALLORY, VICTIM, workOf } from './letters.ts';

let stage: AttackStage;

const everything = async () => ({
  works: await stage.dump('works'),
  users: await stage.dump('users'),
  files: await stage.files(),
  paid: stage.pictureCalls(),
});

beforeAll(async () => {
  stage = await createAttackStage({ env: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_KEY: KEY } });
});

afterAll(() => stage.close());

async function begin(): Promise<void> {
  await stage.load('works', []);
  await stage.load('durable_jobs', []);
  await stage.load('users', [person(VICTIM), person(MALLORY)]);
}

describe('a letter in a collection that clients can write to', () => {
  test.each(Object.entries(FORGERIES))(
    'is neither brought home nor shown to anybody where %s',
    async (_what, forge) => {
      await begin();
      const record = workOf(VICTIM, 'r1');
      await stage.load('emergency_backup', [forge(composeLetterWith(record, { key: KEY }), record)]);
      const before = await everything();
      for (const openid of [VICTIM, MALLORY]) {
        const history = await stage.call(openid, { action: 'getHistory', data: {} });
        expect(history).toMatchObject({ code: 200, data: { list: [] } });
      }
      expect(await stage.maintain('recoverFromBackup')).toMatchObject({ code: 200 });
      expect(await everything()).toEqual(before);
    },
  );

  test('is brought home and shown where it is genuine: the refusals above are about the forgeries', async () => {
    await begin();
    const record = workOf(VICTIM, 'r1');
    await stage.load('emergency_backup', [composeLetterWith(record, { key: KEY })]);
    const shown = await stage.call(VICTIM, { action: 'getHistory', data: {} });
    expect(shown).toMatchObject({
      data: { list: [{ workId: record._id, savedIn: 'emergency_backup' }], partial: false },
    });
    await stage.maintain('recoverFromBackup');
    expect(await stage.get('works', record._id)).toMatchObject({ imageUrl: record['imageUrl'], isRecovered: true });
  });

  test("stands in nobody else's history where only its owner beside the record was exchanged", async () => {
    await begin();
    const letter = composeLetterWith(workOf(VICTIM, 'r1'), { key: KEY });
    await stage.load('emergency_backup', [{ ...letter, userId: userIdOf(MALLORY) }]);
    expect(JSON.stringify(await stage.call(MALLORY, { action: 'getHistory', data: {} }))).not.toMatch(/真画|true\.png/);
    // It is still that person's own record, and comes home as such.
    await stage.maintain('recoverFromBackup');
    expect(await stage.get('works', workIdOf(VICTIM, 'r1'))).toMatchObject({ userId: userIdOf(VICTIM) });
  });

  test('put back once more changes nothing: a record that is there is final', async () => {
    await begin();
    const record = workOf(VICTIM, 'r1');
    const letter = composeLetterWith(record, { key: KEY });
    await stage.load('emergency_backup', [letter]);
    await stage.maintain('recoverFromBackup');
    const before = await everything();
    const second = composeLetterWith({ ...record, imageUrl: 'https://pictures.example/second.png' }, { key: KEY });
    await stage.load('emergency_backup', [letter, { ...second, _id: `${letter._id}_replayed` }]);
    await stage.load('durable_jobs', []);
    await stage.maintain('recoverFromBackup');
    expect(await everything()).toEqual(before);
  });

  test('fifty forgeries among genuine ones do not keep these from coming home', async () => {
    await begin();
    const genuine = Array.from({ length: 5 }, (_, n) => workOf(VICTIM, `g${n}`));
    const forged = Object.values(FORGERIES).flatMap((forge, n) =>
      [0, 1, 2].map((m) => {
        const record = workOf(VICTIM, `f${n}-${m}`);
        const letter = forge(composeLetterWith(record, { key: KEY }), record);
        return letter._id === 'planted-older' ? { ...letter, _id: `planted-${n}-${m}` } : letter;
      }),
    );
    await stage.load('emergency_backup', [
      ...forged,
      ...genuine.map((record) => composeLetterWith(record, { key: KEY })),
    ]);
    await stage.maintain('recoverFromBackup');
    const home = (await stage.dump('works')).map(({ _id }) => _id);
    expect(home.sort()).toEqual(genuine.map(({ _id }) => _id).sort());
  });
});

describe('a letter that would change every object', () => {
  const POISON = '{"__proto__":{"role":"admin","isAdmin":true},"constructor":{"prototype":{"role":"admin"}}}';
  const isClean = () => (({}) as { role?: unknown }).role === undefined;

  test('changes none when it is read from the log, although it is sealed under the right key', async () => {
    const seal = createSeal(KEY);
    const record = { ...workOf(VICTIM, 'r9'), ...(JSON.parse(`{"note":${POISON}}`) as object) };
    const store = createCloudbaseStore(openSdk(stage), nodeClock);
    const letters = createLogLetters({ store, hash: testHash, seal });
    const letter = letters.read(seal.close(canonicalJson(composeLetterWith(record, { key: KEY }))));
    expect(isClean()).toBe(true);
    expect(Object.getPrototypeOf(letter.payload)).toBe(Object.prototype);
    const poisoned = canonicalJson(composeLetterWith(record, { key: KEY })).replace(
      /^\{/,
      `{"__proto__":{"state":"x"},`,
    );
    expect(letters.read(seal.close(poisoned)).recordId).toBe(record._id);
    expect(isClean()).toBe(true);
  });

  test('changes none when recovery reads it from the collection, and nobody becomes an administrator', async () => {
    await begin();
    const letter = composeLetterWith(workOf(VICTIM, 'r8'), { key: KEY });
    const text = canonicalJson(letter).replace('"payload":{', `"payload":{"__proto__":{"role":"admin"},`);
    await fetch(`${stage.url}/_emulator/collections/emergency_backup`, { method: 'PUT', body: text });
    await stage.maintain('recoverFromBackup');
    expect(await stage.dump('works')).toEqual([]);
    expect(await stage.call(MALLORY, { action: 'getDailyUsage' })).toMatchObject({ data: { type: 'free' } });
  });
});
describe('a deployment without a key', () => {
  let open: AttackStage;

  beforeAll(async () => {
    open = await createAttackStage();
    await open.add('users', person(VICTIM));
  });

  afterAll(() => open.close());

  test('takes what a client wrote for forged, but cannot tell a digest that was made over a forgery', async () => {
    const [byClient, byServer] = [workOf(VICTIM, 'client'), workOf(VICTIM, 'server')];
    await open.add('emergency_backup', digestOver(byClient, { _openid: MALLORY }), digestOver(byServer));
    await open.maintain('recoverFromBackup');
    expect((await open.dump('works')).map(({ _id }) => _id)).toEqual([byServer._id]);
  });

  test('says so itself: its lowest tier, which needs the key, is not there', async () => {
    const status = async (cloud: AttackStage) =>
      (await cloud.call(VICTIM, { action: 'getServiceStatus' })).data?.['tiers'];
    expect(await status(open)).not.toContain('log');
    expect(await status(stage)).toContain('log');
  });
});
