import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDeadline } from '../../src/core/index.ts';
import { createAlerts } from '../../src/service/alerts.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { replyWith, startLoopback, type Loopback } from '../support/loopback.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createHandClock, ROBOTS, SECRETS } from './scene.ts';

let server: Loopback;

beforeAll(async () => {
  server = await startLoopback();
  server.answer(replyWith(200, { errcode: 0, code: 0 }));
});

afterAll(() => server.close());

const clock = createHandClock();

function alertsWith(env: Readonly<Record<string, string>>) {
  const log = memoryLog();
  const addresses: string[] = [];
  const alerts = createAlerts({
    env,
    clock,
    log,
    store: createMemoryStore(['durable_alerts']),
    hash: testHash,
    random: seededRandom(1),
    fetch: (url, init) => {
      addresses.push(url);
      return url.startsWith(server.url) ? fetch(url, init) : Promise.resolve(new Response('{"errcode":0,"code":0}'));
    },
  });
  return { alerts, log, addresses };
}

const FAILED = { source: 'recoverFromBackup', atMs: clock.now(), failure: 'STORE_UNAVAILABLE' } as const;
const soon = () => createDeadline(clock, clock.now() + 10_000);

describe('the environment', () => {
  test('names any of the three robots, with spaces and an empty end forgiven', async () => {
    const { alerts, addresses } = alertsWith({ WX_DURABLE_ALERTS: ` ${Object.values(ROBOTS).join(' , ')} ,` });
    expect((await alerts.tell(FAILED, soon())).sent).toEqual(['recoverFromBackup.failed']);
    expect(addresses.map((address) => new URL(address).origin).sort()).toEqual([
      'https://oapi.dingtalk.com',
      'https://open.feishu.cn',
      'https://qyapi.weixin.qq.com',
    ]);
  });

  test('without robots the log alone hears of it', async () => {
    const { alerts, addresses, log } = alertsWith({});
    expect(await alerts.tell(FAILED, soon())).toEqual({
      sent: [],
      suppressed: ['recoverFromBackup.failed'],
      failed: [],
    });
    expect(addresses).toEqual([]);
    expect(log.lines.map(({ event }) => event)).toEqual(['notify.raised']);
  });

  test('may send everything to a server on this machine, in the chosen language and under a name', async () => {
    const { alerts } = alertsWith({
      WX_DURABLE_ALERTS: ROBOTS.wecom,
      WX_DURABLE_ALERTS_TEST_ORIGIN: server.url,
      WX_DURABLE_ALERTS_LANGUAGE: 'en',
      WX_DURABLE_ALERTS_NAME: ' staging ',
    });
    await alerts.tell(FAILED, soon());
    expect(server.received).toHaveLength(1);
    expect(server.received[0]?.body).toContain('[fault] wx-durable staging: recoverFromBackup failed');
  });

  test.each<readonly [string, Readonly<Record<string, string>>]>([
    ['an unknown service', { WX_DURABLE_ALERTS: 'slack:token-0001' }],
    ['a name that every object has', { WX_DURABLE_ALERTS: 'constructor:token-0001' }],
    [
      'a whole address',
      { WX_DURABLE_ALERTS: 'wecom:https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=wecom-key-0001' },
    ],
    ['no token', { WX_DURABLE_ALERTS: 'feishu' }],
    ['a token that leads elsewhere', { WX_DURABLE_ALERTS: 'feishu:../../../feishu-token-0001' }],
    ['a secret for a robot that has none', { WX_DURABLE_ALERTS: 'wecom:wecom-key-0001:feishu-secret' }],
    ['an empty secret', { WX_DURABLE_ALERTS: 'feishu:feishu-token-0001:' }],
    ['too many parts', { WX_DURABLE_ALERTS: 'dingtalk:dingtalk-token-0001:a:dingtalk-secret' }],
    ['six robots', { WX_DURABLE_ALERTS: Array.from({ length: 6 }, () => ROBOTS.wecom).join() }],
    ['a second robot that is wrong', { WX_DURABLE_ALERTS: `${ROBOTS.wecom},feishu:x` }],
    ['another language', { WX_DURABLE_ALERTS_LANGUAGE: 'fr' }],
    ...[
      'https://example.com',
      'http://127.0.0.1.example.com:80',
      'http://127.0.0.1:80@example.com',
      'http://10.0.0.1:80',
      'http://127.0.0.1:80/path',
      'file:///etc',
    ].map(
      (origin) =>
        [
          `the test origin ${origin}`,
          { WX_DURABLE_ALERTS: ROBOTS.wecom, WX_DURABLE_ALERTS_TEST_ORIGIN: origin },
        ] as const,
    ),
  ])('is refused at start for %s, without a word of it', (_what, env) => {
    const start = () => alertsWith(env);
    expect(start).toThrow(/^\[CONFIG_INVALID\] environment variable WX_DURABLE_ALERTS/);
    let text = '';
    try {
      start();
    } catch (error) {
      text = JSON.stringify([(error as Error).message, (error as Error).stack, error]);
    }
    for (const secret of [...SECRETS, 'example.com']) expect(text).not.toContain(secret);
  });
});
