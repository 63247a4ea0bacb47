import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { replyWith, type Reply } from '../support/loopback.ts';
import { openScene, ROBOTS, SECRETS, type Scene } from './scene.ts';

let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});

afterEach(() => scene.close());

type Kind = keyof typeof ROBOTS;
const KINDS = Object.keys(ROBOTS) as Kind[];

const tell = (kind: Kind, lines: readonly string[] = ['STORE_UNAVAILABLE：数据库暂时不可用，请稍后再试']) =>
  scene.instance({ robots: [ROBOTS[kind]] }).notify([scene.alert('check.works', { lines })], scene.within());

function received(): { path: string; body: Record<string, unknown>; bytes: number } {
  const [request, ...others] = scene.server.received;
  expect(others).toEqual([]);
  expect(request).toMatchObject({ method: 'POST' });
  expect(request?.headers['content-type']).toBe('application/json; charset=utf-8');
  const text = request?.body ?? '';
  return { path: request?.path ?? '', body: JSON.parse(text), bytes: Buffer.byteLength(text) };
}

describe('the message as each robot takes it', () => {
  test('goes to WeCom as markdown under its key', async () => {
    expect(await tell('wecom')).toEqual({ sent: ['check.works'], suppressed: [], failed: [] });
    expect(received()).toMatchObject({
      path: '/cgi-bin/webhook/send?key=wecom-key-0001',
      body: {
        msgtype: 'markdown',
        markdown: {
          content:
            '**[故障] wx-durable：check.works 出现问题**\n\n[故障] check.works 出现问题\n> STORE_UNAVAILABLE：数据库暂时不可用，请稍后再试',
        },
      },
    });
  });

  // Signatures by `openssl dgst -sha256 -hmac`, so that they are not computed by what is tested.
  test('goes to Feishu as rich text, signed in its body with seconds', async () => {
    await tell('feishu');
    expect(received()).toMatchObject({
      path: '/open-apis/bot/v2/hook/feishu-token-0001',
      body: {
        timestamp: '1795320000',
        sign: 'zuIAHmtq7+c8lEwdqhZE9KEpGwzSlKBLA1v3BYVY7cQ=',
        msg_type: 'post',
        content: {
          post: {
            zh_cn: {
              title: '[故障] wx-durable：check.works 出现问题',
              content: [
                [{ tag: 'text', text: '[故障] check.works 出现问题' }],
                [{ tag: 'text', text: '  STORE_UNAVAILABLE：数据库暂时不可用，请稍后再试' }],
              ],
            },
          },
        },
      },
    });
  });

  test('goes to DingTalk as markdown, signed in its address with milliseconds', async () => {
    await tell('dingtalk');
    const { path, body } = received();
    expect(path).toBe(
      '/robot/send?access_token=dingtalk-token-0001&timestamp=1795320000000' +
        '&sign=54FzKWFingd7ELZ0UJZNsPbg8Y7iMZwuj7Wmz7hNpsQ%3D',
    );
    expect(body).toMatchObject({ msgtype: 'markdown', markdown: { title: '[故障] wx-durable：check.works 出现问题' } });
    expect((body as { markdown: { text: string } }).markdown.text).toContain('- STORE_UNAVAILABLE');
  });

  test('is not signed where a robot is guarded by a keyword alone, and the title has that keyword', async () => {
    const robots = ['feishu:feishu-token-0001', 'dingtalk:dingtalk-token-0001'];
    await scene.instance({ robots }).notify([scene.alert('a')], scene.within());
    for (const { path, body } of scene.server.received) {
      expect(path + body).not.toContain('sign');
      expect(body).toContain('wx-durable');
    }
    expect(scene.server.received).toHaveLength(2);
  });

  test('is in English and names its deployment where that is configured', async () => {
    const notifier = scene.instance({ robots: [ROBOTS.feishu], language: 'en', name: 'production' });
    await notifier.notify([scene.alert('a', { title: 'recoverFromBackup failed' })], scene.within());
    const { content } = received().body as { content: { post: { en_us: { title: string } } } };
    expect(content.post.en_us.title).toBe('[fault] wx-durable production: recoverFromBackup failed');
  });

  test.each(KINDS)(
    'stays within what %s takes, however much there is to tell, and says what is left out',
    async (kind) => {
      const lines = Array.from({ length: 2_000 }, (_, n) => `第 ${n} 行 "引号" \\ ${'长'.repeat(400)}`);
      expect((await tell(kind, lines)).sent).toEqual(['check.works']);
      const { body, bytes } = received();
      expect(bytes).toBeLessThan(20_000);
      const { markdown } = body as { markdown?: { content?: string } };
      if (markdown?.content) expect(Buffer.byteLength(markdown.content)).toBeLessThanOrEqual(4_096);
      expect(JSON.stringify(body)).toMatch(/另有 \d+ 行未显示/);
      expect(JSON.stringify(body)).toContain('第 0 行');
    },
  );

  test.each(KINDS)('mentions nobody and links nowhere on %s, whatever a line contains', async (kind) => {
    await tell(kind, ['<@all> <at user_id="all">x</at> [点击领奖](https://example.com) \u0007\n# 标题']);
    const { body } = received();
    expect(JSON.stringify(body)).not.toMatch(/<@|<at|\]\(|\\u0007/);
  });
});

describe('what a robot answers', () => {
  const SENT: readonly (readonly [Kind, string, Reply])[] = [
    ['wecom', 'errcode 0', replyWith(200, { errcode: 0, errmsg: 'ok' })],
    ['dingtalk', 'errcode 0', replyWith(200, { errcode: 0, errmsg: 'ok' })],
    ['feishu', 'code 0', replyWith(200, { code: 0, msg: 'success', data: {} })],
    ['feishu', 'the older StatusCode 0', replyWith(200, { Extra: null, StatusCode: 0, StatusMessage: 'success' })],
  ];

  test.each(SENT)('counts as taken by %s: %s', async (kind, _what, reply) => {
    scene.server.answer(reply);
    expect((await tell(kind)).sent).toEqual(['check.works']);
  });

  const REFUSED: readonly (readonly [Kind, string, Reply])[] = [
    ['wecom', 'a wrong key, with HTTP 200', replyWith(200, { errcode: 93000, errmsg: 'invalid webhook url' })],
    ['wecom', 'too long, with HTTP 200', replyWith(200, { errcode: 40058, errmsg: 'exceed max length 4096' })],
    [
      'dingtalk',
      'a wrong signature or keyword, with HTTP 200',
      replyWith(200, { errcode: 310000, errmsg: 'sign not match' }),
    ],
    ['feishu', 'a wrong signature', replyWith(200, { code: 19021, msg: 'sign match fail', data: {} })],
    ['feishu', 'a bad request', replyWith(400, { code: 9499, msg: 'Bad Request', data: {} })],
    ['wecom', 'no JSON', replyWith(200, '<html>ok</html>')],
    ['wecom', 'JSON without a code', replyWith(200, { ok: true })],
    ['wecom', 'null', replyWith(200, 'null')],
    ['dingtalk', 'a server error that looks like success', replyWith(502, { errcode: 0 })],
    ['feishu', 'an answer without end', replyWith(200, `{"code":0,"x":"${'x'.repeat(100_000)}"}`)],
  ];

  test.each(REFUSED)('counts as refused by %s: %s', async (kind, _what, reply) => {
    scene.server.answer(reply);
    expect(await tell(kind)).toEqual({ sent: [], suppressed: [], failed: ['check.works'] });
    expect(scene.server.received).toHaveLength(1);
    expect(scene.events('notify.refused')).toHaveLength(1);
  });

  test('that leads elsewhere is not followed, whatever would be answered there', async () => {
    const replies = [replyWith(307, '', { location: `${scene.server.url}/elsewhere` })];
    scene.server.answer((response) => (replies.shift() ?? replyWith(200, { errcode: 0 }))(response));
    expect((await tell('wecom')).failed).toEqual(['check.works']);
    expect(scene.server.received).toHaveLength(1);
  });

  test('that never comes is waited for until the deadline and no longer', async () => {
    scene.server.answer(() => undefined);
    const notifier = scene.instance();
    const report = await notifier.notify([scene.alert('a')], scene.within(1_500));
    expect(report.failed).toEqual(['a']);
    expect(scene.events('notify.refused')[0]?.fields).toMatchObject({ channel: 'wecom-1', why: 'no answer in time' });
  });

  test('to one of two robots is enough: the condition is told', async () => {
    scene.server.answer(replyWith(200, { errcode: 310000, code: 0 }));
    const notifier = scene.instance({ robots: [ROBOTS.dingtalk, ROBOTS.feishu] });
    expect((await notifier.notify([scene.alert('a')], scene.within())).sent).toEqual(['a']);
    expect(scene.events('notify.refused').map(({ fields }) => fields['channel'])).toEqual(['dingtalk-1']);
    expect(scene.events('notify.sent').map(({ fields }) => fields['channel'])).toEqual(['feishu-2']);
  });
});

test('neither the log nor the database ever holds a part of an address or a secret', async () => {
  const robots = Object.values(ROBOTS);
  const replies = [
    replyWith(200, { errcode: 0, code: 0 }),
    replyWith(200, { errcode: 1, code: 1, errmsg: SECRETS.join() }),
  ];
  for (const [round, reply] of replies.entries()) {
    scene.server.answer(reply);
    await scene.instance({ robots }).notify([scene.alert(`a${round}`)], scene.within());
    scene.clock.forward(60_000);
  }
  await scene.server.close();
  await scene.instance({ robots }).notify([scene.alert('closed')], scene.within());
  expect(scene.events('notify.sent')).toHaveLength(3);
  expect(scene.events('notify.refused')).toHaveLength(6);
  const kept = JSON.stringify([scene.log.lines, scene.store.dump('durable_alerts')]);
  for (const secret of SECRETS) expect(kept).not.toContain(secret);
});
