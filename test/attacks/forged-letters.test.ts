/** Attacks 5, 14 and 17: a backup collection, a log and a bucket that somebody else can write to. */
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

const OTHER_KEY = 'f0'.repeat(32);
const VICTIM = 'oVictim';
const MALLORY = 'oMallory';
const AGO_MS = 3_600_000;

/** A record as generation would have written it. */
function workOf(openid: string, requestId: string, fields: Readonly<Record<string, unknown>> = {}): Document {
  const _id = workIdOf(openid, requestId);
  const atMs = nodeClock.now() - AGO_MS;
  return {
    ...{
      _id,
      id: _id,
      userId: userIdOf(openid),
      openid,
      title: '画',
      prompt: '画',
      originalPrompt: `真画 ${requestId}`,
    },
    ...{
      imageUrl: 'https://pictures.example/true.png',
      status: 'completed',
      errorMessage: '',
      errorCode: null,
      asset: null,
    },
    ...{
      createdAt: new Date(atMs),
      finishedAt: new Date(atMs),
      requestId,
      provider: 'local',
      style: 'oil',
      day: '20261101',
    },
    ...{ price: 1, token: `token-${requestId}`, attempt: 1, hash: 'h', schemaVersion: 1, ...fields },
  };
}

type Forgery = (genuine: Document, record: Document) => Document;
const payloadWith = (letter: Document, fields: Readonly<Record<string, unknown>>): Document => ({
  ...letter,
  payload: { ...(letter['payload'] as Document), ...fields },
});
const FORGED = { imageUrl: 'https://evil.example/forged.png', originalPrompt: '假画' };
/** As a client can compute it: over the forged content, with a plain digest. */
const digestOver = (record: Document, more: Readonly<Record<string, unknown>> = {}): Document => ({
  ...composeLetterWith({ ...record, ...FORGED }, {}),
  ...more,
});

const FORGERIES: Readonly<Record<string, Forgery>> = {
  'a client wrote it': (_genuine, record) => digestOver(record, { _openid: MALLORY }),
  'a client copied a genuine one': (genuine) => ({ ...genuine, _openid: MALLORY }),
  'it has a plain digest, which anybody can make': (_genuine, record) => digestOver(record),
  'it is signed under another key': (_genuine, record) =>
    composeLetterWith({ ...record, ...FORGED }, { key: OTHER_KEY }),
  'its picture was exchanged': (genuine) => payloadWith(genuine, FORGED),
  'its price was lowered': (genuine) => payloadWith(genuine, { price: 0 }),
  'its token is another': (genuine) => payloadWith(genuine, { token: 'guessed' }),
  'its owner was exchanged': (genuine) => payloadWith(genuine, { userId: userIdOf(MALLORY), openid: MALLORY }),
  'its status was turned': (genuine) => payloadWith(genuine, { status: 'failed' }),
  'its collection is another': (genuine) => ({ ...genuine, collection: 'users' }),
  'its attempt is another': (genuine) => ({ ...genuine, attempt: 2 }),
  'its record id was exchanged': (genuine) => ({ ...genuine, recordId: workIdOf(MALLORY, 'x') }),
  'both its ids were exchanged': (genuine) =>
    payloadWith({ ...genuine, recordId: 'w_other' }, { _id: 'w_other', id: 'w_other' }),
  'its code was taken from another letter': (genuine) => ({
    ...genuine,
    mac: composeLetterWith(workOf(VICTIM, 'another'), { key: KEY })['mac'],
  }),
  'its code is a list': (genuine) => ({ ...genuine, mac: [genuine['mac']] }),
  'its record was taken out, and the older form put in its place': (genuine, record) => {
    const { payload: _payload, ...rest } = genuine;
    return { ...record, ...FORGED, ...rest };
  },
  'it was made into one of the older form, under its own name': (
    genuine,
    { _id: id, token: _t, schemaVersion: _s, ...record },
  ) => ({
    ...{ ...record, ...FORGED, id, _id: genuine._id, state: 'waiting' },
    ...{ backupReason: 'works_collection_save_failed', originalError: 'x', retryCount: 3, timestamp: new Date(0) },
  }),
  'it is of the older form and has a token': (_genuine, { _id: id, ...record }) => ({
    ...{ ...record, ...FORGED, id, _id: 'planted-older', state: 'waiting' },
    ...{ backupReason: 'works_collection_save_failed', originalError: 'x', retryCount: 3, timestamp: new Date(0) },
  }),
};

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

describe("a file under a letter's name in a bucket that clients can write to", () => {
  const record = workOf(VICTIM, 'stored');
  const held = (): Document =>
    person(VICTIM, {
      credits: 19,
      quota: {
        ...{ open: 1, seq: 1, used: {}, tries: {} },
        holds: {
          [record._id]: {
            ...{ st: 'open', token: 'token-stored', attempt: 1, hash: 'h', price: 1, day: '20261101' },
            ...{ at: nodeClock.now() - AGO_MS, until: nodeClock.now() - AGO_MS / 2 },
          },
        },
      },
    });

  async function recoverWith(content: string | Uint8Array): Promise<Document | undefined> {
    await begin();
    await stage.load('users', [held()]);
    await stage.load('emergency_backup', []);
    const blobs = createCloudbaseBlobs(openSdk(stage), nodeClock);
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
