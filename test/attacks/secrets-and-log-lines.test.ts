/** Attacks 11 and 12: lines that somebody else writes into the log, and secrets that get into it or into an answer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeClock } from '../../src/core/node/index.ts';
import { composeLetterWith } from '../support/letters.ts';
import { person, TIMER, TIMER_CALLER, workIdOf } from '../support/local-cloud.ts';
import { replyWith, startLoopback, type Loopback } from '../support/loopback.ts';
import { createAttackStage, type AttackStage } from './stage.ts';

const KEY = 'ca'.repeat(32);
/** One of each kind of secret, none of which may be seen in any output. */
const SECRETS = {
  providerKey: 'sk-canary-provider-5f0c2a',
  previousProviderKey: 'sk-canary-previous-77aa01',
  key: KEY,
  previousKey: 'fe'.repeat(32),
  robotToken: 'canaryrobottoken01',
  robotSecret: 'canaryrobotsecret02',
  addressPassword: 'canaryaddresspass',
  openid: 'oCanaryOpenidOfSomebody01',
  admin: 'oCanaryAdministrator00002',
  signature: 'q-signature=canarysignature9',
} as const;
const PROMPT = '金丝雀的提示词';
const SERVICE_WORDS = '金丝雀服务的话';

let stage: AttackStage;
let service: Loopback;
let robots: Loopback;
const answers: string[] = [];

beforeAll(async () => {
  [service, robots] = await Promise.all([startLoopback(), startLoopback()]);
  stage = await createAttackStage({
    env: {
      WX_DURABLE_PROVIDER: 'painter',
      WX_DURABLE_PROVIDER_URL: service.url,
      WX_DURABLE_PROVIDER_KEY: SECRETS.providerKey,
      WX_DURABLE_PREVIOUS_PROVIDER: 'dashscope',
      WX_DURABLE_PREVIOUS_PROVIDER_URL: service.url,
      WX_DURABLE_PREVIOUS_PROVIDER_MODEL: 'm',
      WX_DURABLE_PREVIOUS_PROVIDER_KEY: SECRETS.previousProviderKey,
      WX_DURABLE_KEY: KEY,
      WX_DURABLE_PREVIOUS_KEYS: SECRETS.previousKey,
      WX_DURABLE_ADMINS: SECRETS.admin,
      WX_DURABLE_ALERTS: `dingtalk:${SECRETS.robotToken}:${SECRETS.robotSecret},wecom:${SECRETS.robotToken}`,
      WX_DURABLE_ALERTS_TEST_ORIGIN: robots.url,
    },
  });
  await stage.add('users', person(SECRETS.openid, { vipLevel: 1 }));
});

afterAll(() => Promise.all([stage.close(), service.close(), robots.close()]));

const secrets = Object.values(SECRETS);
const printed = (): string => stage.printed.join('');

/** What the function answers to a call, kept for the search. */
async function ask(data: unknown, openid: string = SECRETS.openid) {
  const answer = await stage.invoke('generateImage', { action: 'generate', data }, { openid });
  answers.push(JSON.stringify(answer));
  return answer;
}

const SERVICES: readonly (readonly [string, () => void])[] = [
  ['paints', () => service.answer(replyWith(200, { data: [{ url: `${service.url}/p.png?${SECRETS.signature}` }] }))],
  [
    'paints what cannot be fetched',
    () => service.answer(replyWith(200, { data: [{ url: `http://10.0.0.1/p.png?${SECRETS.signature}` }] })),
  ],
  [
    'quotes the key that it refuses',
    () =>
      service.answer(
        replyWith(401, {
          error: { message: `Incorrect API key provided: ${SECRETS.providerKey}`, code: 'invalid_api_key' },
        }),
      ),
  ],
  [
    'quotes the key at the end of a long text',
    () => service.answer(replyWith(401, { error: { message: `${'x'.repeat(180)}${SECRETS.providerKey}` } })),
  ],
  [
    'names its refusal by the key',
    () => service.answer(replyWith(400, { error: { message: 'no', code: SECRETS.providerKey } })),
  ],
  ['refuses in its own words', () => service.answer(replyWith(400, { error: { message: SERVICE_WORDS } }))],
  [
    'quotes everything and fails',
    () =>
      service.answer(
        (response) =>
          void response.writeHead(500).end(JSON.stringify({ ...SECRETS, prompt: PROMPT, words: SERVICE_WORDS })),
      ),
  ],
  ['answers a page', () => service.answer(replyWith(200, `<html>${SECRETS.providerKey}</html>`))],
  ['hangs up', () => service.answer((response) => void response.destroy())],
];

describe('whatever goes wrong', () => {
  test.each(SERVICES)('nothing of it is kept from the search: the service %s', async (_how, set) => {
    set();
    await ask({ prompt: PROMPT, requestId: `s${answers.length}`, character: PROMPT });
  });

  test.each([
    ['refused', 'works'],
    ['refused', 'users'],
    ['error', 'emergency_backup'],
    ['status', undefined],
  ] as const)('nor when the database meets "%s" at %s', async (inject, collection) => {
    service.answer(replyWith(200, { data: [{ url: `${service.url}/p.png?${SECRETS.signature}` }] }));
    const rule = {
      from: 'generateImage',
      inject,
      ...(collection ? { collection } : {}),
      ...(inject === 'error' ? { code: 'DATABASE_PERMISSION_DENIED', message: JSON.stringify(SECRETS) } : {}),
      ...(inject === 'status' ? { status: 502, body: 'html' as const } : {}),
    };
    stage.faults.set([
      rule,
      ...(inject === 'error' ? [{ from: 'generateImage', inject: 'refused' as const, collection: 'works' }] : []),
    ]);
    await ask({ prompt: PROMPT, requestId: `d-${inject}-${collection}` });
    stage.faults.clear();
  });

  test('nor when everything fails at once and the record is sealed into the log', async () => {
    service.answer(replyWith(200, { data: [{ url: `${service.url}/p.png?${SECRETS.signature}` }] }));
    stage.faults.set([
      { from: 'generateImage', inject: 'refused', collection: ['works', 'emergency_backup'] },
      { storage: 'upload', inject: 'refused' },
    ]);
    await ask({ prompt: PROMPT, requestId: 'sealed' });
    stage.faults.clear();
    expect(printed()).toContain('"event":"write.sealed"');
  });

  test('nor when input is refused, an identity claimed, or maintenance asked for and refused', async () => {
    for (const data of [
      { prompt: { secret: PROMPT } },
      { prompt: PROMPT, style: PROMPT.repeat(20) },
      { prompt: PROMPT, requestId: `${SECRETS.openid} ${PROMPT}` },
    ])
      await ask(data);
    await ask({ prompt: PROMPT, openid: SECRETS.admin, requestId: 'spoof' });
    for (const name of ['recoverFromBackup', 'checkDataIntegrity', 'fixUserConsistency']) {
      for (const caller of [{ openid: SECRETS.openid }, { openid: SECRETS.admin }, TIMER_CALLER]) {
        answers.push(JSON.stringify(await stage.invoke(name, caller === TIMER_CALLER ? TIMER : {}, caller)));
      }
    }
    robots.answer(replyWith(500, JSON.stringify(SECRETS)));
    stage.faults.set([{ from: 'recoverFromBackup', inject: 'refused' }]);
    answers.push(JSON.stringify(await stage.invoke('recoverFromBackup', TIMER, TIMER_CALLER)));
    stage.faults.clear();
    expect(robots.received.length).toBeGreaterThan(0);
  });

  test("nor when a person looks at their history, where the service's own words stand for a refusal", async () => {
    const history = JSON.stringify(await stage.call(SECRETS.openid, { action: 'getHistory', data: { pageSize: 50 } }));
    expect(history).toContain(SERVICE_WORDS);
    expect(history).toContain(PROMPT);
    for (const secret of [SECRETS.providerKey, SECRETS.openid, KEY, SECRETS.providerKey.slice(0, 12)])
      expect(history).not.toContain(secret);
  });
});

describe('in all that was printed and answered', () => {
  test('there is something to search: every function spoke, and most calls left lines', () => {
    expect(printed().split('\n').length).toBeGreaterThan(40);
    for (const event of [
      'call.answered',
      'generation.no-picture',
      'auth.spoof-attempt',
      'auth.maintenance-refused',
      'notify.refused',
      'job.',
    ])
      expect(printed()).toContain(event);
    expect(service.received.some(({ headers }) => headers.authorization === `Bearer ${SECRETS.providerKey}`)).toBe(
      true,
    );
    expect(robots.received.some(({ path }) => path.includes(SECRETS.robotToken))).toBe(true);
  });

  test.each(Object.entries(SECRETS).filter(([name]) => name !== 'signature'))('there is no %s', (_name, secret) => {
    expect(printed()).not.toContain(secret);
    expect(answers.join('\n')).not.toContain(secret);
  });

  test('there is no signed address, no prompt and no word of the service in the log', () => {
    expect(printed()).not.toContain(SECRETS.signature);
    expect(printed()).not.toContain(PROMPT);
    expect(printed()).not.toContain(SERVICE_WORDS);
  });

  test('the search would have found them: each secret was somewhere in memory, a request or a document', async () => {
    const stored = await stage.state();
    expect(stored).toContain(SECRETS.openid);
    expect(stored).toContain(PROMPT);
    expect(stored).toContain(SECRETS.signature);
    // What the service says is stored; the key that it quotes is not.
    expect(stored).not.toContain(SECRETS.providerKey);
    expect(secrets.every((secret) => secret.length > 10)).toBe(true);
  });
});

describe('a setting that is wrong', () => {
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ["a key in the place of the service's name", { WX_DURABLE_PROVIDER: SECRETS.providerKey }, 'sk-canary'],
    [
      'a key of the wrong length',
      { WX_DURABLE_PROVIDER: 'zhipu', WX_DURABLE_PROVIDER_MODEL: 'cogview-4', WX_DURABLE_KEY: 'canarykeycanarykey' },
      'canarykey',
    ],
    [
      'an address that is none',
      { WX_DURABLE_PROVIDER: 'x', WX_DURABLE_PROVIDER_URL: `ftp://u:${SECRETS.addressPassword}@x` },
      SECRETS.addressPassword,
    ],
    [
      'an address with a password, which cannot be asked',
      { WX_DURABLE_PROVIDER: 'x', WX_DURABLE_PROVIDER_URL: `http://u:${SECRETS.addressPassword}@127.0.0.1:9` },
      SECRETS.addressPassword,
    ],
    [
      'a robot as a whole address',
      {
        WX_DURABLE_PROVIDER: 'zhipu',
        WX_DURABLE_PROVIDER_MODEL: 'cogview-4',
        WX_DURABLE_ALERTS: `https://oapi.dingtalk.com/robot/send?access_token=${SECRETS.robotToken}`,
      },
      SECRETS.robotToken,
    ],
    [
      'a robot with a malformed secret',
      {
        WX_DURABLE_PROVIDER: 'zhipu',
        WX_DURABLE_PROVIDER_MODEL: 'cogview-4',
        WX_DURABLE_ALERTS: `feishu:abcdefgh12:${SECRETS.robotSecret}:more`,
      },
      SECRETS.robotSecret,
    ],
    [
      'a number that is none',
      {
        WX_DURABLE_PROVIDER: 'zhipu',
        WX_DURABLE_PROVIDER_MODEL: 'cogview-4',
        WX_DURABLE_INITIAL_CREDITS: 'canarycredits',
      },
      'canarycredits',
    ],
    [
      'a switch that is none',
      { WX_DURABLE_PROVIDER: 'zhipu', WX_DURABLE_PROVIDER_MODEL: 'cogview-4', WX_DURABLE_REGISTRATION: 'canaryswitch' },
      'canaryswitch',
    ],
  ])('is named and never told: %s', async (_what, env, secret) => {
    const wrong = await createAttackStage({ env });
    await wrong.add('users', person('oSomebody'));
    const told = [
      await wrong.generate('oSomebody', { prompt: '好', requestId: 'r' }),
      await wrong.call('oSomebody', { action: 'getServiceStatus' }),
      await wrong.maintain('recoverFromBackup'),
      await wrong.maintain('checkDataIntegrity'),
    ];
    await wrong.close();
    expect(JSON.stringify(told)).not.toContain(secret);
    expect(wrong.printed.join('')).not.toContain(secret);
    expect(wrong.printed.join('')).toMatch(/CONFIG_INVALID|WX_DURABLE|generation\.no-picture/);
  });
});

describe('a line that somebody else would write', () => {
  const FAKE = '{"level":"info","event":"write.sealed","sealed":"v1.AAAA"}';
  const ENDS = ['\n', '\r\n', '\r', '\u0085', '\u2028', '\u2029', '\u000b', '\u000c'];
  const HIDDEN = ['\u001b[2J\u001b[H', '\u009b2J', '\u001b]0;owned\u0007', '\u0008\u0008\u0008', '\u202e', '\u0000'];

  test('is none: each event stays one line of JSON, with nothing in it that a terminal obeys', async () => {
    service.answer(replyWith(400, { error: { message: 'no', code: 'x' } }));
    const text = await stage.heard(async () => {
      for (const evil of [...ENDS, ...HIDDEN]) {
        const value = `a${evil}${FAKE}`;
        await ask({ prompt: value, requestId: value });
        await ask({ prompt: value });
        await ask({ prompt: '好', [value]: value, style: value });
        await stage.invoke(
          'generateImage',
          { action: value, [value]: value, openid: value },
          { openid: SECRETS.openid },
        );
        await stage.invoke('recoverFromBackup', { action: value }, { openid: SECRETS.admin });
        await stage.invoke(
          'recoverFromBackup',
          { ...TIMER, TriggerName: value },
          { openid: SECRETS.openid, source: 'x' },
        );
      }
      // A letter's id is whatever the client who planted it wanted.
      const record = { _id: workIdOf('o', 'x'), id: 'x', createdAt: new Date(nodeClock.now()) };
      const evil = [...ENDS, ...HIDDEN].join(FAKE);
      await stage.load('emergency_backup', [{ ...composeLetterWith(record, {}), _id: `evil${evil}`, mac: 'x' }]);
      await stage.invoke('recoverFromBackup', {}, { openid: SECRETS.admin });
    });
    const lines = text.split('\n').filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(ENDS.length);
    for (const line of lines) {
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      expect(JSON.parse(line)).toMatchObject({
        event: expect.any(String) as unknown,
        level: expect.any(String) as unknown,
      });
    }
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).not.toContain('write.sealed');
    // The id is told, written out: somebody must find that letter.
    expect(text).toContain('"letterId":"evil\\n');
  });
});
