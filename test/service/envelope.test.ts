import { expect, test } from 'vitest';
import { codeFacts, codes, DurableError } from '../../src/core/index.ts';
import { fail, succeed } from '../../src/service/index.ts';

test.each(codes.map((code) => [code]))(
  '%s has a status, words in Chinese, and nothing else of the error in its answer',
  (code) => {
    const error = new DurableError(code, 'English for the log', {
      details: { openid: 'o1' },
      cause: new Error('inner'),
    });
    const answer = fail(error, 'r1');
    expect(answer).toEqual({
      code: codeFacts(code).status,
      message: codeFacts(code).zh,
      error: { code, category: codeFacts(code).category },
      requestId: 'r1',
    });
    expect(answer.code).toBeGreaterThanOrEqual(400);
    expect(answer.code).toBeLessThanOrEqual(504);
    expect(answer.message).toMatch(/[\u4e00-\u9fff]/);
  },
);

test('what the caller may do about is answered in the words that the error brings', () => {
  const withRule = new DurableError('INPUT_INVALID', 'bad', { details: { zh: 'pageSize 应为 1–50 的整数' } });
  expect(fail(withRule, 'r1').message).toBe('pageSize 应为 1–50 的整数');
  const withoutText = new DurableError('INPUT_INVALID', 'bad', { details: { zh: 7 } });
  expect(fail(withoutText, 'r1').message).toBe('请求参数不正确');
  const refusal = new DurableError('QUOTA_EXCEEDED', 'bad', { details: { zh: '今日尝试次数已达上限' } });
  expect(fail(refusal, 'r1').message).toBe('今日尝试次数已达上限');
  const another = new DurableError('INTERNAL', 'bad', { details: { zh: '内部细节' } });
  expect(fail(another, 'r1').message).toBe('系统错误，请稍后再试');
});

test('a success is what it says', () => {
  expect(succeed('好', { n: 1 })).toEqual({ code: 200, message: '好', data: { n: 1 } });
});
