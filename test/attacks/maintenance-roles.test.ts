/** Attack 9: maintenance by somebody who is neither the platform's timer nor a listed administrator. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { person, resultOf, TIMER, TIMER_CALLER, type Answer, type Caller } from '../support/local-cloud.ts';
import { createAttackStage, expectRefusal, type AttackStage } from './stage.ts';

const FUNCTIONS = ['checkDataIntegrity', 'recoverFromBackup', 'fixUserConsistency'] as const;
const ADMIN = { openid: 'oAdmin', source: 'wx_client' } as const;

let stage: AttackStage;

beforeAll(async () => {
  stage = await createAttackStage({ env: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_ADMINS: 'oAdmin' } });
  // A counter that repair would mend, so that a run that happens is seen.
  await stage.add('users', person('oVictim', { generateCount: 7 }));
});

afterAll(() => stage.close());

const ACTIONS = { checkDataIntegrity: 'check', recoverFromBackup: 'recover', fixUserConsistency: 'repair' } as const;

describe.each(FUNCTIONS)('%s', (name) => {
  const action = ACTIONS[name];
  test.each<[string, Caller, unknown]>([
    ['a person', { openid: 'oMallory', source: 'wx_client' }, {}],
    ['a person who asks for its action', { openid: 'oMallory', source: 'wx_client' }, { action }],
    [
      'a person who says to be an administrator',
      { openid: 'oMallory', source: 'wx_client' },
      { action, role: 'admin', isAdmin: true, admins: ['oMallory'] },
    ],
    [
      "a person under an administrator's openid in the event",
      { openid: 'oMallory', source: 'wx_client' },
      { action, openid: 'oAdmin', OPENID: 'oAdmin', userInfo: { openId: 'oAdmin' } },
    ],
    ["a person with the timer's event", { openid: 'oMallory', source: 'wx_client' }, TIMER],
    ["a person with the timer's event and its source", { openid: 'oMallory', source: 'wx_trigger' }, TIMER],
    [
      "a person whose openid is of digits, with the timer's event",
      { openid: '12345678901234567890', source: 'wx_trigger' },
      TIMER,
    ],
    ["nobody, with the timer's event", {}, TIMER],
    [
      "nobody, with the timer's event and what would name its source",
      {},
      { ...TIMER, SOURCE: 'wx_trigger', TRIGGER_SRC: 'timer', TCB_SOURCE: 'wx_trigger' },
    ],
    ['another function that a person called, which has no openid', { source: 'wx_client,scf' }, TIMER],
    ['another function', { source: 'scf' }, TIMER],
    ['another function that a timer called', { source: 'wx_trigger,scf' }, TIMER],
    ['the HTTP interface of WeChat', { source: 'wx_http' }, TIMER],
    ["the developer's tools", { source: 'wx_devtools' }, TIMER],
    ['who knows whom', { source: 'wx_unknown' }, TIMER],
    ['the timer with another event', TIMER_CALLER, { action }],
    ['the timer with a type that only looks like one', TIMER_CALLER, { ...TIMER, Type: ['timer'] }],
    ['the timer through HTTP', TIMER_CALLER, { ...TIMER, httpMethod: 'POST' }],
  ])('is refused to %s, with no statement sent and nothing changed', async (_who, caller, event) => {
    const { value, sent } = await stage.harmless(() => stage.invoke(name, event, caller));
    expectRefusal(resultOf(value), 403, 'AUTH_DENIED');
    expect(sent).toEqual([]);
  });

  test('is refused through HTTP access, whatever headers and body say', async () => {
    const headers = { 'content-type': 'application/json', 'x-wx-openid': 'oAdmin', 'x-wx-source': 'wx_trigger' };
    const request = { method: 'POST', headers, body: JSON.stringify(TIMER) };
    const { value, sent } = await stage.harmless(async () =>
      (await fetch(`${stage.url}/http/${name}?Type=Timer&TriggerName=x`, request)).json(),
    );
    expectRefusal(value as Answer, 403, 'AUTH_DENIED');
    expect(sent).toEqual([]);
  });

  test('runs for the timer and for the administrator: the refusals above are about who asks', async () => {
    for (const [caller, event] of [
      [TIMER_CALLER, TIMER],
      [ADMIN, { action }],
    ] as const) {
      const { value, sent } = await stage.watched(() => stage.invoke(name, event, caller));
      expect(resultOf(value)).toMatchObject({ code: 200 });
      expect(sent.length).toBeGreaterThan(0);
    }
  });

  test('runs when its timer fires in the local cloud', async () => {
    const fired = await fetch(`${stage.url}/_emulator/timers/${name}`, { method: 'POST' });
    expect(await fired.json()).toMatchObject({ result: { code: 200 } });
  });

  test('tells the log who was refused, by a digest and by the source, and nobody else', async () => {
    const text = await stage.heard(() => stage.invoke(name, TIMER, { openid: 'oMallory', source: 'wx_client,scf' }));
    const user = createHash('sha256').update('oMallory').digest('hex').slice(0, 12);
    expect(text).toContain(`"event":"auth.maintenance-refused","user":"${user}","source":"wx_client,scf"`);
    expect(text).not.toMatch(/oMallory|oAdmin/);
  });
});

test('the counter that repair mends was mended by those who may, and so would show a run by those who may not', async () => {
  expect(await stage.get('users', person('oVictim')._id)).toMatchObject({ generateCount: 0 });
});

describe('an administrator who was taken from the list', () => {
  let later: AttackStage;

  beforeAll(async () => {
    later = await createAttackStage({ env: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_ADMINS: 'oOther, ,' } });
  });

  afterAll(() => later.close());

  test.each(FUNCTIONS)('is refused by %s, as is nobody where the list has an empty entry', async (name) => {
    for (const caller of [ADMIN, { openid: '' }, {}]) {
      const { value, sent } = await later.harmless(() => later.invoke(name, { action: ACTIONS[name] }, caller));
      expectRefusal(resultOf(value), 403, 'AUTH_DENIED');
      expect(sent).toEqual([]);
    }
    expect(resultOf(await later.invoke(name, { action: ACTIONS[name] }, { openid: 'oOther' }))).toMatchObject({
      code: 200,
    });
  });
});
