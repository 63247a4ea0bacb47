import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/core/index.ts';
import { openCheckpoint } from '../../src/cli/checkpoint.ts';
import { checkState, pruneCheckpoint, recoverCheckpoint, repairCheckpoint } from '../../src/cli/checkpoint-forms.ts';
import { CommandFailure } from '../../src/cli/exit-codes.ts';
import type { Session } from '../../src/cli/session.ts';

// A checkpoint is a file of the folder in which the command runs.
const before = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'wx-durable-checkpoint-'));
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

const session = { target: { name: 'local' }, language: 'zh' } as Session;
const FORMS = { recover: recoverCheckpoint, prune: pruneCheckpoint, repair: repairCheckpoint, check: checkState };

function readPlanted(command: keyof typeof FORMS, text: string): unknown {
  const checkpoint = openCheckpoint<unknown>(command, session, FORMS[command]);
  mkdirSync(dirname(checkpoint.path), { recursive: true });
  writeFileSync(checkpoint.path, text);
  try {
    return checkpoint.read();
  } catch (error) {
    return error instanceof CommandFailure ? `${error.exitCode} ${error.message}` : error;
  }
}

describe('where a command stopped', () => {
  test.each([
    ['recover', { phase: 'holds' }],
    ['recover', { phase: 'letters', after: { id: 'w_1' } }],
    ['recover', { phase: 'unknown', after: { id: 'w_1', value: new Date(5) } }],
    ['prune', { phase: 'reports', after: { id: 'r_1' } }],
    ['repair', { id: 'u_1' }],
    ['check', { version: 1, names: ['works'], sections: [], startedAtMs: 5 }],
  ] as const)('is read by %s as it was saved: %j', (command, position) => {
    expect(readPlanted(command, canonicalJson(position))).toEqual(position);
  });

  test.each([
    ['recover', '{"phase":"pictures"}', 'phase'],
    ['recover', '{"phase":"holds","after":{"id":7}}', 'after.id'],
    ['recover', '{"phase":"holds","after":{"id":"w_1","value":{"$gt":""}}}', 'after.value'],
    ['recover', '[]', 'JSON'],
    ['recover', 'null', 'JSON'],
    ['prune', '{"phase":"holds"}', 'phase'],
    ['repair', '{"after":"u_1"}', 'id'],
    ['check', '{"phase":"holds"}', 'sections'],
  ] as const)('is refused by %s where the file holds %s', (command, text, where) => {
    const path = `.wx-durable/resume/${command}-local.json`;
    expect(readPlanted(command, text)).toBe(
      `6 断点文件 ${path} 无法使用（${where}）：请删除它，不加 --resume 重新开始`,
    );
  });

  test.each(['', '{"phase":"ho', '\u0000'])('is nothing to go on from where the file was cut off: %j', (text) => {
    expect(readPlanted('recover', text)).toBe('6 没有可继续的断点 .wx-durable/resume/recover-local.json');
  });
});
