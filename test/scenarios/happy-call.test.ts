import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beijingDay } from '../../src/core/index.ts';
import { openSdk } from '../support/in-process.ts';
import { createLocalCloud, person, userIdOf, workIdOf, type Answer, type LocalCloud } from '../support/local-cloud.ts';

let cloud: LocalCloud;
let answer: Answer;

const OPENID = 'oHappyPerson';
const WISH = {
  prompt: '  可爱的小猫在花园里追蝴蝶，阳光明媚  ',
  character: '小女孩',
  style: 'watercolor',
  emotion: '微笑',
  mode: 'single',
  requestId: 'happy-1',
};
const COUNTED = { collection: ['users', 'works', 'emergency_backup'], inject: 'delay', delayMs: 0 } as const;

beforeAll(async () => {
  cloud = await createLocalCloud();
  // The first call of an instance loads its code; what follows is a call as it usually is.
  await cloud.add('users', person(OPENID));
  await cloud.call(OPENID, { action: 'getDailyUsage' });
  cloud.faults.set([COUNTED]);
  answer = await cloud.generate(OPENID, WISH);
});

afterAll(() => cloud.close());

describe('a call without trouble', () => {
  test('answers the picture, what it is of, and what is left', () => {
    const workId = workIdOf(OPENID, 'happy-1');
    expect(answer).toEqual({
      code: 200,
      message: '图片生成成功',
      data: {
        workId,
        imageUrl: `cloud://emu-env.emu/wx-durable/pictures/${workId}_1.png`,
        prompt: 'watercolor style, 可爱的小猫在花园里追蝴蝶，阳光明媚, high quality',
        enhancedPrompt:
          'watercolor style, 小女孩, 可爱的小猫在花园里追蝴蝶，阳光明媚, 微笑 expression, single picture, high quality, detailed',
        remainingCredits: 19,
        dailyUsage: { used: 1, limit: 50, remaining: 49 },
        savedIn: 'works',
        requestId: 'happy-1',
      },
    });
  });

  test('leaves one record with every field', async () => {
    const works = await cloud.dump('works');
    const workId = workIdOf(OPENID, 'happy-1');
    const [work] = works;
    expect(works).toHaveLength(1);
    expect(work).toEqual({
      _id: workId,
      id: workId,
      userId: userIdOf(OPENID),
      openid: OPENID,
      title: '可爱的小猫在花园里追蝴蝶...',
      prompt: answer.data?.['prompt'],
      originalPrompt: '可爱的小猫在花园里追蝴蝶，阳光明媚',
      character: '小女孩',
      style: 'watercolor',
      emotion: '微笑',
      mode: 'single',
      imageUrl: answer.data?.['imageUrl'],
      enhancedPrompt: answer.data?.['enhancedPrompt'],
      status: 'completed',
      errorMessage: '',
      errorCode: null,
      createdAt: expect.any(Date),
      finishedAt: expect.any(Date),
      requestId: 'happy-1',
      provider: 'local',
      asset: {
        state: 'copied',
        fileId: answer.data?.['imageUrl'],
        sourceUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/_provider\/pictures\/[0-9a-f]{64}\.png$/),
        bytes: expect.any(Number),
        contentType: 'image/png',
        error: null,
      },
      day: beijingDay((work?.['createdAt'] as Date).getTime()),
      price: 1,
      token: expect.stringMatching(/^[0-9a-f]{32}$/),
      attempt: 1,
      hash: expect.stringMatching(/^[0-9a-f]{32}$/),
      schemaVersion: 1,
      saveAttempts: 1,
      saveMs: expect.any(Number),
    });
  });

  test('is counted once, paid with one credit, and nothing stays open', async () => {
    const [work] = await cloud.dump('works');
    const user = await cloud.get('users', userIdOf(OPENID));
    expect(user).toMatchObject({
      credits: 19,
      generateCount: 1,
      quota: { open: 0, seq: 2, used: { [`d${String(work?.['day'])}`]: 1 } },
    });
    const { holds } = user?.['quota'] as { holds: Record<string, unknown> };
    expect(holds).toEqual({
      [workIdOf(OPENID, 'happy-1')]: expect.objectContaining({ st: 'done', token: work?.['token'] }),
    });
    expect(JSON.stringify(holds)).not.toContain('可爱的小猫');
  });

  test('orders exactly one picture, with a reference that names the record', () => {
    const prompt = String(answer.data?.['enhancedPrompt']);
    expect(cloud.pictureCalls()).toEqual([
      {
        atMs: expect.any(Number),
        requestId: `${workIdOf(OPENID, 'happy-1')}_1`,
        promptSha256: createHash('sha256').update(prompt).digest('hex'),
        outcome: 'painted',
      },
    ]);
  });

  test('asks the database five times', async () => {
    const [counted] = await cloud.fired();
    expect(counted?.matched).toBe(5);
  });

  test('has its picture in cloud storage, where it opens', async () => {
    const fileID = String(answer.data?.['imageUrl']);
    const { fileList } = await openSdk(cloud).getTempFileURL({ fileList: [{ fileID, maxAge: 60 }] });
    const picture = await fetch(String(fileList[0]?.tempFileURL));
    const bytes = new Uint8Array(await picture.arrayBuffer());
    expect(picture.headers.get('content-type')).toBe('image/png');
    expect([...bytes.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const [work] = await cloud.dump('works');
    expect(bytes).toHaveLength((work?.['asset'] as { bytes: number }).bytes);
  });

  test('prints neither the prompt nor the openid', () => {
    const text = cloud.printed.join('');
    expect(text).toContain('✅ 作品记录保存成功');
    expect(text).not.toContain('小猫');
    expect(text).not.toContain(OPENID);
  });
});

test('a call of somebody unknown registers them first and pays from the credits they are given', async () => {
  const { data } = await cloud.generate('oNewcomer', { prompt: '一只狗' });
  expect(data).toMatchObject({ remainingCredits: 19, savedIn: 'works' });
  expect(await cloud.get('users', userIdOf('oNewcomer'))).toMatchObject({
    openid: 'oNewcomer',
    credits: 19,
    generateCount: 1,
    vipLevel: 0,
  });
});

test('two first calls of somebody unknown at once register one person', async () => {
  const answers = await Promise.all([1, 2].map((n) => cloud.generate('oTwins', { prompt: `一只狗 ${n}` })));
  expect(answers.map(({ code }) => code)).toEqual([200, 200]);
  const users = (await cloud.dump('users')).filter(({ openid }) => openid === 'oTwins');
  expect(users).toEqual([expect.objectContaining({ credits: 18, generateCount: 2 })]);
});
