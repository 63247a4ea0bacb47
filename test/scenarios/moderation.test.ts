import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openSdk } from '../support/in-process.ts';
import { createLocalCloud, person, userIdOf, type Answer, type LocalCloud } from '../support/local-cloud.ts';

/** A cloud whose `generateImage` has prompts looked at by the platform, which the local one does not offer. */
let cloud: LocalCloud;
let before: string;

const ENV = { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_MODERATION: 'wechat' };
const WISH = { prompt: '城堡', character: '骑士', style: 'oil', requestId: 'r1' };

beforeAll(async () => {
  cloud = await createLocalCloud({ env: ENV });
  await cloud.add('users', person('oKnown'), person('oPoor', { credits: 0 }));
});

afterAll(() => cloud.close());

beforeEach(async () => {
  before = await cloud.commits();
});

const orders = (): number => cloud.pictureCalls().length;

test('where the platform does not answer, nothing is ordered and nothing is written', async () => {
  for (const openid of ['oKnown', 'oUnknown']) {
    expect(await cloud.generate(openid, WISH)).toEqual({
      code: 503,
      message: '内容安全检查暂时不可用，未扣除任何费用，请稍后再试',
      error: { code: 'MODERATION_UNAVAILABLE', category: 'transient' },
      requestId: 'r1',
    });
  }
  expect(await cloud.commits()).toBe(before);
  expect(orders()).toBe(0);
});

describe('the function as it is uploaded, where the platform answers', () => {
  interface Uploaded {
    main(event: unknown, context: unknown): Promise<Answer>;
  }
  const environment = { ...process.env };
  const asked: unknown[] = [];
  let suggest: string;
  let main: Uploaded['main'];

  beforeAll(() => {
    // The unmodified SDK, but for the one call that leads to the platform's own check.
    const msgSecCheck = async (request: unknown): Promise<unknown> => {
      asked.push(request);
      return { errCode: 0, errMsg: 'openapi.security.msgSecCheck:ok', result: { suggest, label: 100 } };
    };
    const file = join(cloud.folder, 'cloudfunctions/generateImage/index.js');
    const sdk = openSdk(cloud, file);
    Object.defineProperty(sdk, 'openapi', { value: { security: { msgSecCheck } }, configurable: true });
    Object.assign(process.env, ENV, { WX_DURABLE_PROVIDER_URL: `${cloud.url}/_provider/v1` });
    ({ main } = createRequire(file)(file) as Uploaded);
  });

  afterEach(() => {
    delete process.env['WX_OPENID'];
  });

  afterAll(() => {
    for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  });

  const call = (openid: string, data: unknown): Promise<Answer> => {
    process.env['WX_OPENID'] = openid;
    return main({ action: 'generate', data }, { time_limit_in_ms: 60_000, request_id: 'in-process' });
  };

  test.each(['review', 'risky'])(
    'a prompt that it calls %s is refused: nothing taken, ordered or written',
    async (word) => {
      suggest = word;
      for (const openid of ['oKnown', 'oUnknown']) {
        expect(await call(openid, WISH)).toEqual({
          code: 400,
          message: '图片描述含有不适宜的内容，请修改后再试',
          error: { code: 'PROMPT_REJECTED', category: 'caller' },
          requestId: 'r1',
        });
      }
      expect(await cloud.commits()).toBe(before);
      expect(orders()).toBe(0);
    },
  );

  test('a prompt that it lets pass is painted, for somebody new too; everything written was looked at', async () => {
    suggest = 'pass';
    for (const openid of ['oKnown', 'oNew']) {
      asked.length = 0;
      expect(await call(openid, WISH)).toMatchObject({ code: 200, data: { remainingCredits: 19 } });
      expect(asked).toEqual([{ version: 2, scene: 4, openid, content: '城堡\n骑士\noil\nsingle' }]);
      expect(await cloud.get('users', userIdOf(openid))).toMatchObject({ credits: 19, generateCount: 1 });
    }
  });

  test('what is already painted, refused for credits or badly asked is not looked at again', async () => {
    asked.length = 0;
    suggest = 'risky';
    expect(await call('oKnown', WISH)).toMatchObject({ code: 200 });
    expect(await call('oPoor', WISH)).toMatchObject({ code: 402 });
    expect(await call('oKnown', { prompt: '' })).toMatchObject({ code: 400, error: { code: 'INPUT_INVALID' } });
    expect(asked).toEqual([]);
  });
});
