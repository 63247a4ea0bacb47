import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLocalCloud, person, workIdOf, type LocalCloud } from '../support/local-cloud.ts';

let cloud: LocalCloud;
let before: string;
let paidBefore: number;

const OPENID = 'oBadInput';
const OPERATOR = { $ne: null };
const CHINESE = /[\u4e00-\u9fff]/;

beforeAll(async () => {
  cloud = await createLocalCloud();
  await cloud.add('users', person(OPENID), person('oNeighbour'));
  await cloud.generate('oNeighbour', { prompt: '邻居的画', requestId: 'theirs' });
});

afterAll(() => cloud.close());

beforeEach(async () => {
  before = await cloud.commits();
  paidBefore = cloud.pictureCalls().length;
});

const pictures = (): number => cloud.pictureCalls().length - paidBefore;

/** Nothing was written at all, so no credit can be lost; and nothing was ordered. */
async function expectUntouched(): Promise<void> {
  expect(await cloud.commits()).toBe(before);
  expect(pictures()).toBe(0);
}

describe('a wish that is none', () => {
  afterEach(expectUntouched);

  test.each([
    ['an empty prompt', ''],
    ['a prompt of spaces', '   \n\t　 '],
    ['a prompt of 501 characters', '画'.repeat(501)],
    ['a prompt of 501 emoji', '🐱'.repeat(501)],
    ['a prompt of five million characters', 'x'.repeat(5_000_000)],
    ['a prompt that is an object', { text: '小猫' }],
    ['a prompt that is an operator', OPERATOR],
    ['a prompt that is a list', ['小猫']],
    ['a prompt that is a number', 42],
    ['a prompt that is null', null],
    ['no prompt', undefined],
  ])('is refused with the rule about prompts: %s', async (_what, prompt) => {
    expect(await cloud.generate(OPENID, { prompt, requestId: 'bad' })).toEqual({
      code: 400,
      message: '图片描述应为 1–500 个字符的文字',
      error: { code: 'INPUT_INVALID', category: 'caller' },
      requestId: 'bad',
    });
  });

  test.each(['character', 'style', 'emotion', 'mode', 'requestId', 'retryUnknown'])(
    'is refused when its %s is an operator, a list, a number or too long',
    async (field) => {
      for (const value of [OPERATOR, ['x'], 7, null, 'x'.repeat(129), { __proto__: null }]) {
        const answer = await cloud.generate(OPENID, { prompt: '小猫', [field]: value });
        expect(answer).toMatchObject({ code: 400, error: { code: 'INPUT_INVALID' } });
        expect(answer.message).toMatch(new RegExp(`${field} 应为`));
      }
    },
  );

  test.each([
    ['empty', ''],
    ['with a space', 'a b'],
    ['with a slash', '../../users'],
    ['with a zero byte', 'a\u0000b'],
    ['with a newline at its end', 'abc\n'],
    ['with a dollar sign', '$ne'],
    ['in Chinese', '请求'],
    ['of 129 characters', 'r'.repeat(129)],
  ])('is refused when its request id is %s', async (_what, requestId) => {
    const answer = await cloud.generate(OPENID, { prompt: '小猫', requestId });
    expect(answer).toMatchObject({ code: 400, error: { code: 'INPUT_INVALID' } });
    expect(answer.message).toContain('requestId');
    expect(answer.requestId).not.toBe(requestId);
  });

  test.each([
    ['a text', '小猫'],
    ['a list', []],
    ['a number', 5],
    ['absent', undefined],
    ['an operator', OPERATOR],
  ])('is refused when the data is %s', async (_what, data) => {
    const answer = await cloud.generate(OPENID, data);
    expect(answer).toMatchObject({ code: 400, error: { code: 'INPUT_INVALID' } });
    expect(answer.message).toMatch(CHINESE);
  });
});

describe('a wish at the edge of what is allowed', () => {
  test.each([
    ['a prompt of 500 characters', '画'.repeat(500)],
    ['a prompt of 500 emoji', '🐱'.repeat(500)],
    ['a prompt of 500 characters between spaces', ` ${'画'.repeat(500)}\n`],
    ['a prompt that looks like code', `{"$ne":null} <script>alert(1)</script> \${7*7} '; drop table works; --`],
    ['a prompt with keys of prototypes', '__proto__ constructor prototype'],
  ])('is painted, and stored as it was written: %s', async (_what, prompt) => {
    const { code, data } = await cloud.generate(OPENID, { prompt });
    expect(code).toBe(200);
    expect(pictures()).toBe(1);
    expect(await cloud.get('works', String(data?.['workId']))).toMatchObject({ originalPrompt: prompt.trim() });
  });

  test('is painted with a request id of 128 characters', async () => {
    const requestId = `${'r'.repeat(124)}_.:-`;
    expect(await cloud.generate(OPENID, { prompt: '小猫', requestId })).toMatchObject({
      code: 200,
      data: { requestId },
    });
  });
});

describe('an event that is none', () => {
  afterEach(expectUntouched);

  test.each([
    ['an unknown action', { action: 'paint' }],
    ['the action __proto__', { action: '__proto__' }],
    ['the action constructor', { action: 'constructor' }],
    ['the action toString', { action: 'toString' }],
    ['an action that is an operator', { action: OPERATOR }],
    ['an action that is a list', { action: ['generate'] }],
    ['an action with another capital', { action: 'Generate' }],
    ['no action', { data: { prompt: '小猫' } }],
    ['an empty event', {}],
  ])('is refused as an unknown action: %s', async (_what, event) => {
    expect(await cloud.call(OPENID, event)).toEqual({
      code: 400,
      message: '不支持的操作',
      error: { code: 'ACTION_UNKNOWN', category: 'caller' },
      requestId: expect.any(String),
    });
  });

  test.each(['null', '"generate"', '[]', '[{"action":"generate"}]', '7', 'true'])(
    'is refused as an unknown action when the whole event is %s',
    async (text) => {
      expect(await cloud.invokeText('generateImage', text, OPENID)).toMatchObject({
        result: { code: 400, error: { code: 'ACTION_UNKNOWN' } },
      });
    },
  );

  test('is not even passed on when it has ten million bytes', async () => {
    const text = JSON.stringify({ action: 'generate', data: { prompt: 'x'.repeat(10_000_000) } });
    expect(await cloud.invokeText('generateImage', text, OPENID)).toMatchObject({
      errCode: -501007,
      errMsg: expect.stringContaining('request too large'),
    });
  });

  test.each(['prompt', 'requestId', 'style', 'unknown'])(
    'is refused when its %s is nested 100,000 deep',
    async (field) => {
      const deep = '['.repeat(100_000) + ']'.repeat(100_000);
      const text = `{"action":"generate","userInfo":${deep},"data":{"${field}":${deep}}}`;
      expect(await cloud.invokeText('generateImage', text, OPENID)).toMatchObject({
        result: { code: 400, error: { code: 'INPUT_INVALID' } },
      });
    },
  );

  test('names no stack, no path, no environment and nothing of the event in its answer', async () => {
    const text = `{"action":"generate","data":{"prompt":{"secret":"p4ssw0rd"}}}`;
    const answer = JSON.stringify(await cloud.invokeText('generateImage', text, OPENID));
    expect(answer).not.toMatch(/p4ssw0rd|node_modules|\.js|\bat |TENCENTCLOUD|zod/);
  });
});

describe('keys that would change every object', () => {
  afterEach(expectUntouched);

  test.each([
    [
      'in the event',
      '{"__proto__":{"action":"generate","prompt":"p"},"constructor":{"prototype":{"prompt":"p"}}}',
      'INPUT_INVALID',
    ],
    ['beside a good prompt', '{"action":"generate","data":{"prompt":"p","__proto__":{"x":1}}}', 'INPUT_INVALID'],
    [
      'in the data',
      '{"action":"generate","data":{"__proto__":{"prompt":"p"},"constructor":{"prototype":{"prompt":"p"}}}}',
      'INPUT_INVALID',
    ],
    ['as the data', '{"action":"generate","__proto__":{"data":{"prompt":"p"}}}', 'INPUT_INVALID'],
  ])('change nothing %s, in this call or the next', async (_where, text, code) => {
    expect(await cloud.invokeText('generateImage', text, OPENID)).toMatchObject({
      result: { code: 400, error: { code } },
    });
    expect(await cloud.generate(OPENID, {})).toMatchObject({ error: { code: 'INPUT_INVALID' } });
    expect(await cloud.call(OPENID, {})).toMatchObject({ error: { code: 'ACTION_UNKNOWN' } });
  });
});

describe('somebody who says to be somebody else', () => {
  test('is not served without an OPENID from the platform', async () => {
    for (const action of ['generate', 'getHistory', 'getDailyUsage', 'getServiceStatus', 'deleteWork']) {
      const event = {
        action,
        openid: 'oNeighbour',
        data: { prompt: '小猫', workId: workIdOf('oNeighbour', 'theirs') },
      };
      expect(await cloud.call(undefined, event)).toMatchObject({ code: 401, error: { code: 'AUTH_MISSING' } });
    }
    await expectUntouched();
  });

  test.each([
    ['openid in the event', { openid: 'oNeighbour' }, {}],
    ['openid in the data', {}, { openid: 'oNeighbour' }],
    ['_openid in the data', {}, { _openid: 'oNeighbour' }],
    ['userId in the data', {}, { userId: person('oNeighbour')._id }],
    ['userInfo in the event', { userInfo: { openId: 'oNeighbour' } }, {}],
    ['userInfo in the data', {}, { userInfo: { openId: 'oNeighbour' } }],
    ['an operator as openid', { openid: OPERATOR }, { openid: OPERATOR }],
  ])('gets their own picture and own history, and the attempt is noted: %s', async (_what, inEvent, inData) => {
    const printed = cloud.printed.length;
    const { data } = await cloud.call(OPENID, { action: 'generate', ...inEvent, data: { prompt: '小猫', ...inData } });
    expect(await cloud.get('works', String(data?.['workId']))).toMatchObject({
      openid: OPENID,
      userId: person(OPENID)._id,
    });
    const history = await cloud.call(OPENID, { action: 'getHistory', ...inEvent, data: inData });
    expect(JSON.stringify(history)).not.toContain('邻居的画');
    const text = cloud.printed.slice(printed).join('');
    const user = createHash('sha256').update(OPENID).digest('hex').slice(0, 12);
    expect(text).toMatch(new RegExp(`"event":"auth.spoof-attempt".*"user":"${user}"`));
    expect(text).not.toMatch(/oNeighbour|oBadInput/);
  });

  test('is not noted as an impostor where the event tells the truth, as the platform itself does', async () => {
    const printed = cloud.printed.length;
    await cloud.call(OPENID, { action: 'getDailyUsage', openid: OPENID, userInfo: { openId: OPENID, appId: 'wx1' } });
    expect(cloud.printed.slice(printed).join('')).not.toContain('auth.spoof-attempt');
  });
});

describe('a question that is none', () => {
  afterEach(expectUntouched);

  test.each([
    ['page', OPERATOR],
    ['page', 0],
    ['page', 1.5],
    ['page', '1'],
    ['page', 1_001],
    ['pageSize', OPERATOR],
    ['pageSize', 51],
    ['pageSize', 0],
    ['pageSize', -1],
    ['pageSize', null],
    ['cursor', OPERATOR],
    ['cursor', ''],
    ['cursor', 'garbage'],
    ['cursor', '123'],
    ['cursor', '1-../../users'],
    ['cursor', '9'.repeat(201)],
    ['cursor', '9999999999999999-w_1'],
  ])('is refused when the %s of a history is %j', async (field, value) => {
    const answer = await cloud.call(OPENID, { action: 'getHistory', data: { [field]: value } });
    expect(answer).toMatchObject({ code: 400, error: { code: 'INPUT_INVALID' } });
    expect(answer.message).toContain(field);
  });

  test('is refused when a page by number lies further back than a thousand works', async () => {
    const answer = await cloud.call(OPENID, { action: 'getHistory', data: { page: 21, pageSize: 50 } });
    expect(answer).toMatchObject({ code: 400, error: { code: 'INPUT_INVALID' } });
  });

  test.each([OPERATOR, null, 7, '', '../users', { $gt: '' }, 'w'.repeat(65), undefined])(
    'is refused when the work to delete is %j',
    async (workId) => {
      const answer = await cloud.call(OPENID, { action: 'deleteWork', data: { workId } });
      expect(answer).toMatchObject({ code: 400, message: 'workId 无效', error: { code: 'INPUT_INVALID' } });
    },
  );

  test('cannot tell the work of somebody else from one that does not exist', async () => {
    const [theirs, nobodys] = await Promise.all(
      [workIdOf('oNeighbour', 'theirs'), workIdOf('oNeighbour', 'no such')].map((workId) =>
        cloud.call(OPENID, { action: 'deleteWork', data: { workId } }),
      ),
    );
    expect(theirs).toMatchObject({ code: 404, message: '作品不存在', error: { code: 'WORK_NOT_FOUND' } });
    expect({ ...theirs, requestId: '' }).toEqual({ ...nobodys, requestId: '' });
  });
});
