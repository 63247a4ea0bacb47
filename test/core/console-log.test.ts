import { afterEach, describe, expect, test, vi } from 'vitest';
import { createConsoleLog } from '../../src/core/node/index.ts';
import { createTestClock } from '../support/test-clock.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** The line that is printed for an event. */
function printed(event: string, fields: Readonly<Record<string, string>> = {}): string {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  createConsoleLog(createTestClock()).write('warn', event, fields);
  expect(lines).toHaveLength(1);
  return String(lines[0]);
}

const messageOf = (event: string, fields?: Readonly<Record<string, string>>): unknown =>
  (JSON.parse(printed(event, fields)) as { message?: unknown }).message;

describe('the words of a line', () => {
  test.each([
    ['works', '❌ 作品记录保存失败'],
    ['emergency_backup', '❌ 紧急备份保存失败'],
    ['storage', '❌ 备份文件保存失败'],
    ['pictures', '❌ 图片保存失败'],
    ['users', '❌ 数据操作失败'],
    ['orders', '❌ 数据操作失败'],
    ['constructor', '❌ 数据操作失败'],
  ])('say of a failed attempt at "%s" what failed: %s', (collection, message) => {
    expect(messageOf('write.attempt-failed', { collection })).toBe(message);
  });

  test.each([
    ['write.stored', '✅ 作品记录保存成功'],
    ['write.dead-lettered', '💾 紧急备份记录已保存'],
    ['job.ran', undefined],
  ])('of %s are %s', (event, message) => {
    expect(messageOf(event, { collection: 'works' })).toBe(message);
  });
});

test('a line stays one line, whatever is in it', () => {
  const line = printed('call.fault', { reason: 'a\nb\u2028c\u001b[31m' });
  for (const character of ['\n', '\u2028', '\u001b']) expect(line).not.toContain(character);
  expect(JSON.parse(line)).toMatchObject({ reason: 'a\nb\u2028c\u001b[31m' });
});
