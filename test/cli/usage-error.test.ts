import { expect, test } from 'vitest';
import { explainUsageError } from '../../src/cli/usage-error.ts';

test.each([
  ["error: unknown command 'dve'\n(Did you mean dev?)", '没有命令 dve，是否想用 dev？'],
  ["error: unknown option '--prot'\n(Did you mean --port?)", '没有选项 --prot，是否想用 --port？'],
  ["error: unknown command 're'\n(Did you mean one of recover, repair?)", '没有命令 re，是否想用 recover, repair？'],
  ["error: option '--port <number>' argument missing", '选项 --port <number> 缺少值'],
  ["error: option '--port <number>' argument 'http' is invalid. 0-65535", '选项 --port <number> 的值 http 无效'],
  ["error: too many arguments for 'dev'. Expected 0 arguments but got 1.", '参数过多'],
  ["error: missing required argument 'id'", '缺少参数 id'],
])('%j is said in Chinese first, and in English below', (text, chinese) => {
  expect(explainUsageError(text, 'zh')).toBe(`${chinese}\n${text}`);
  expect(explainUsageError(text, 'en')).toBe(text);
});

test('what is not known stays as it is, and what was typed is not read as a pattern', () => {
  expect(explainUsageError('error: something new', 'zh')).toBe('error: something new');
  expect(explainUsageError("error: unknown command '$&'", 'zh')).toContain('没有命令 $&\n');
});
