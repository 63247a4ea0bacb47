/** Attacks 2, 3, 4 and 5: operators, filters that vanish, fields nobody offered, and keys of prototypes in an event. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { is, readFilter, type Filter } from '../../src/store/index.ts';
import { createCloudbaseStore } from '../../src/store/cloudbase/index.ts';
import { nodeClock } from '../../src/core/node/index.ts';
import { openSdk } from '../support/in-process.ts';
import { person, resultOf, userIdOf, workIdOf } from '../support/local-cloud.ts';
import { createAttackStage, expectRefusal, operatorsIn, type AttackStage } from './stage.ts';

let stage: AttackStage;

const OPENID = 'oCaller';
const ADMIN = { openid: 'oAdmin' } as const;

beforeAll(async () => {
  stage = await createAttackStage({ env: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_ADMINS: 'oAdmin' } });
  await stage.add('users', person(OPENID), person('oVictim'));
  await stage.generate('oVictim', { prompt: '邻居的画', requestId: 'theirs' });
});

afterAll(() => stage.close());

/** Values that are something else to a database than to the person who reads them. */
const HOSTILE: readonly (readonly [string, unknown])[] = [
  ['$ne', { $ne: null }],
  ['$gt', { $gt: '' }],
  ['$regex', { $regex: '.*' }],
  ['$where', { $where: 'sleep(10000)' }],
  ['$or', { $or: [{}, { a: 1 }] }],
  ['$in', { $in: ['a'] }],
  ['$exists', { $exists: true }],
  ['$set', { $set: { role: 'admin' } }],
  ['a date of the wire', { $date: 0 }],
  ['an id of the wire', { $oid: '0123456789abcdef01234567' }],
  ['a list', ['a']],
  ['a list with an operator', [{ $ne: null }]],
  ['a command as the SDK would write it', { _internalType: {}, operator: 'neq', operands: [null], fieldName: {} }],
  ['an operator in an object', { a: { $ne: null } }],
  ['a number', 7],
  ['not a number', { $numberDouble: 'NaN' }],
  ['null', null],
  ['a nested object', { toString: 'x' }],
];

interface Target {
  readonly name: string;
  readonly action: string;
  readonly field: string;
  /** The whole event with the value in its place. */
  event(value: unknown): unknown;
  /** The same event as it should be; what it changes shows that the refusals are about the value. */
  readonly sound: unknown;
  readonly openid: string;
  /** Values of the list that this field may have. */
  readonly takes?: readonly string[];
}

const ofPictures = (action: string, sound: Readonly<Record<string, unknown>>, fields: readonly string[]): Target[] =>
  fields.map((field) => ({
    ...{ name: 'generateImage', action, field, openid: OPENID },
    event: (value) => ({ action, data: { ...sound, [field]: value } }),
    sound: { action, data: sound },
    ...(['page', 'pageSize'].includes(field) ? { takes: ['a number'] } : {}),
  }));

const ofMaintenance = (name: string, action: string, fields: Readonly<Record<string, unknown>>): Target[] =>
  Object.entries(fields).map(([field, good]) => ({
    ...{ name, action, field, openid: ADMIN.openid },
    event: (value) => ({ action, ...(field === 'after' ? { dryRun: true } : {}), [field]: value }),
    sound: { action, ...(field === 'after' ? { dryRun: true } : {}), [field]: good },
  }));

const WISH = {
  prompt: '小猫',
  character: '猫',
  style: 'oil',
  emotion: '开心',
  mode: 'single',
  requestId: 'sound',
  retryUnknown: false,
};

const TARGETS: readonly Target[] = [
  ...ofPictures('generate', WISH, Object.keys(WISH)),
  ...ofPictures('getHistory', { page: 1, pageSize: 5 }, ['page', 'pageSize', 'cursor']),
  ...ofPictures('deleteWork', { workId: workIdOf(OPENID, 'sound') }, ['workId']),
  ...ofMaintenance('checkDataIntegrity', 'check', { deep: true, sections: ['users'] }),
  ...ofMaintenance('fixUserConsistency', 'repair', { dryRun: true, after: { id: 'u_1' } }),
];

/** Actions that read nothing of an event. */
const WITHOUT_FIELDS = {
  generateImage: ['getDailyUsage', 'getServiceStatus'],
  recoverFromBackup: ['recover'],
} as const;

describe.each(TARGETS)('$name $action, field $field', ({ name, event, sound, openid, takes = [] }) => {
  const hostile = HOSTILE.filter(([what]) => !takes.includes(what));

  test('refuses every operator and every other kind of value before a single statement is sent', async () => {
    for (const [what, value] of hostile) {
      const { value: answer, sent } = await stage.harmless(() => stage.invoke(name, event(value), { openid }));
      expect([what, resultOf(answer).code]).toEqual([what, 400]);
      expectRefusal(resultOf(answer), 400, 'INPUT_INVALID');
      expect(sent).toEqual([]);
    }
  });

  test('takes the value that it is made for', async () => {
    const { value, sent } = await stage.watched(() => stage.invoke(name, sound, { openid }));
    expect(resultOf(value).code).toBe(200);
    expect(sent.length).toBeGreaterThan(0);
    expect(operatorsIn(sent).filter((path) => /\$(where|regex|expr|function)$/.test(path))).toEqual([]);
  });
});

describe('actions that take no fields', () => {
  test.each(Object.entries(WITHOUT_FIELDS).flatMap(([name, actions]) => actions.map((action) => [name, action])))(
    '%s %s sends the same statements, whatever stands in its event',
    async (name, action) => {
      const openid = name === 'generateImage' ? OPENID : ADMIN.openid;
      for (const [, value] of HOSTILE) {
        const event = {
          action,
          data: { userId: value, openid: value, prompt: value },
          where: value,
          collection: value,
        };
        const { value: answer, sent } = await stage.watched(() => stage.invoke(name, event, { openid }));
        expect(resultOf(answer).code).toBe(200);
        expect(
          operatorsIn(sent).filter((path) =>
            /\$(ne|where|regex|or)\b.*(openid|userId)|(openid|userId).*\$(ne|gt|regex|where)/.test(path),
          ),
        ).toEqual([]);
      }
    },
  );

  test('there are no others of pictures: the function names its actions in the log, and this page has all of them', async () => {
    const text = await stage.heard(() => stage.call(OPENID, { action: 'nobody-knows' }));
    const known = /known actions are ([\w, ]+)/.exec(text)?.[1]?.split(', ') ?? [];
    const ours = TARGETS.filter(({ name }) => name === 'generateImage').map(({ action }) => action);
    expect([...new Set([...ours, ...WITHOUT_FIELDS.generateImage])].sort()).toEqual(known.sort());
  });
});

describe('texts that look like operators', () => {
  test.each(['{"$ne":null}', '$where', '{$gt:""}', "'; drop table works; --", 'db.command.neq(null)'])(
    'are texts: %s is painted, stored as it stands and never a condition',
    async (prompt) => {
      const { value, sent } = await stage.watched(() => stage.generate(OPENID, { prompt }));
      expect(value).toMatchObject({ code: 200 });
      expect(await stage.get('works', String(value.data?.['workId']))).toMatchObject({ originalPrompt: prompt });
      expect(operatorsIn(sent).filter((path) => /\$(ne|where|gt)$/.test(path) && /prompt/.test(path))).toEqual([]);
    },
  );
});

describe('a filter with a hole in it', () => {
  const store = () => createCloudbaseStore(openSdk(stage), nodeClock);
  const rows = (where: unknown) => store().page('works', { where: where as Filter, limit: 10 });

  test.each([
    ['undefined beside a status', { userId: undefined, status: 'completed' }],
    ['undefined alone', { userId: undefined }],
    ['null', { userId: null }],
    ['an operator', { userId: { $ne: null } }],
    ['a list', { userId: ['a'] }],
    ['not a number', { createdAt: NaN }],
    ['a date that is none', { createdAt: new Date(NaN) }],
    ['an operator as the name of a field', { $where: 'true' }],
    ['a prototype as the name of a field', { ['__proto__.x']: 'a' }],
    ['a condition with an operator in it', { userId: is.not({ $gt: '' } as never) }],
    ['a condition with undefined in it', { userId: is.oneOf([undefined as never]) }],
    ['a condition made of JSON', JSON.parse('{"userId":{"op":"ne","value":""}}') as Filter],
  ])('is refused before anything is sent: %s', async (_what, where) => {
    const { sent } = await stage.harmless(async () => {
      await expect(rows(where)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      await expect(store().count('works', where as Filter)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      await expect(
        store().update('works', { id: 'w', where: where as Filter }, { set: { a: 1 } }),
      ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      await expect(store().remove('works', { id: 'w', where: where as Filter })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
    });
    expect(sent).toEqual([]);
    expect(() => readFilter(where as Filter)).toThrow();
  });

  test("would have shown everybody's works: the SDK itself drops the field and asks for all", async () => {
    const sdk = openSdk(stage) as unknown as {
      database(): { collection(name: string): { where(w: unknown): { get(): Promise<{ data: unknown[] }> } } };
    };
    const { value, sent } = await stage.watched(() =>
      sdk.database().collection('works').where({ userId: undefined, status: 'completed' }).get(),
    );
    expect(sent[0]?.query).toBe('{"status":"completed"}');
    expect(value.data.length).toBeGreaterThan(0);
    expect((await rows({ userId: userIdOf('oVictim'), status: 'completed' })).items).toHaveLength(1);
  });
});

describe('fields that nobody offered', () => {
  const MORE = {
    ...{
      $set: { role: 'admin' },
      $inc: { credits: 100 },
      'profile.role': 'admin',
      'quota.used': 0,
      'quota.holds.w_x': {},
    },
    ...{ _id: 'w_mine', id: 'w_mine', userId: 'u_other', status: 'completed', imageUrl: 'https://evil.example/x.png' },
    ...{
      isRecovered: true,
      generateCount: 0,
      credits: 1_000,
      price: 0,
      vipLevel: 9,
      role: 'admin',
      isAdmin: true,
      day: '20990101',
    },
    ...{
      createdAt: '2099-01-01T00:00:00Z',
      token: 't',
      attempt: 9,
      hash: 'h',
      asset: { fileId: 'cloud://x' },
      schemaVersion: 99,
    },
  };

  test('are left out of everything that is stored, and change no price, role or count', async () => {
    const { value, sent } = await stage.watched(() =>
      stage.call(OPENID, { action: 'generate', ...MORE, data: { prompt: '小猫', requestId: 'more', ...MORE } }),
    );
    expect(value).toMatchObject({ code: 200, data: { workId: workIdOf(OPENID, 'more') } });
    const work = await stage.get('works', workIdOf(OPENID, 'more'));
    expect(work).toMatchObject({ userId: userIdOf(OPENID), price: 1, attempt: 1, schemaVersion: 1, openid: OPENID });
    expect(JSON.stringify(work)).not.toMatch(/evil\.example|isRecovered|vipLevel|2099|"t"/);
    expect(JSON.stringify(sent)).not.toMatch(/evil\.example|isRecovered|vipLevel|"role"|isAdmin|2099/);
    const account = await stage.get('users', userIdOf(OPENID));
    expect(account).toMatchObject({ vipLevel: 0 });
    expect(account).not.toHaveProperty('role');
    expect(operatorsIn(sent).filter((path) => path.includes('role') || path.includes('profile'))).toEqual([]);
  });
});

describe('keys that would change every object', () => {
  const texts: readonly (readonly [string, string])[] = [
    ['in the event', '{"action":"generate","__proto__":{"role":"admin","prompt":"p"},"data":{"prompt":"p"}}'],
    ['in the data', '{"action":"generate","data":{"prompt":"p","__proto__":{"role":"admin"}}}'],
    ['as the data', '{"action":"generate","__proto__":{"data":{"prompt":"p"}}}'],
    ['as the action', '{"action":"__proto__","data":{"prompt":"p"}}'],
    ['as a constructor', '{"action":"constructor","constructor":{"prototype":{"role":"admin"}}}'],
  ];

  test.each(texts)('are refused before a statement is sent: %s', async (_where, text) => {
    const { value, sent } = await stage.harmless(() => stage.invokeText('generateImage', text, OPENID));
    expect(resultOf(value)).toMatchObject({ code: 400 });
    expect(sent).toEqual([]);
  });

  test('change nothing for the administrator of a maintenance function either', async () => {
    const text =
      '{"action":"repair","dryRun":true,"__proto__":{"dryRun":false,"admin":true},"constructor":{"prototype":{"x":1}}}';
    const { value } = await stage.harmless(() => stage.invokeText('fixUserConsistency', text, ADMIN.openid));
    expect(resultOf(value)).toMatchObject({ code: 200, data: { dryRun: true } });
  });

  test('leave later calls of the same instance as they were', async () => {
    for (const [, text] of texts) await stage.invokeText('generateImage', text, OPENID);
    expect(await stage.call(OPENID, {})).toMatchObject({ error: { code: 'ACTION_UNKNOWN' } });
    const usage = await stage.call(OPENID, { action: 'getDailyUsage' });
    expect(usage).toMatchObject({ code: 200, data: { type: 'free' } });
  });
});
