import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { progressBar } from '../../src/cli/progress-bar.ts';
import { maskId, maskOpenid } from '../../src/cli/privacy.ts';
import { wantsColour } from '../../src/cli/style.ts';
import { renderTable, widthOf, wrap } from '../../src/cli/table.ts';
import { createOpsStage, initialise, type OpsStage } from './ops-stage.ts';

describe('the result of a command', () => {
  let stage: OpsStage;

  beforeAll(async () => {
    stage = await createOpsStage();
    await initialise(stage.cloud);
  });
  afterAll(() => stage.close());

  const ESCAPE = '\u001b';

  test('is plain text in a pipe, under CI too; FORCE_COLOR colours it, NO_COLOR does not', async () => {
    for (const env of [{}, { CI: '1' }, { NO_COLOR: '1' }]) {
      const { code, stdout, stderr } = await stage.wx(['recover', '--dry-run'], env);
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain(ESCAPE);
    }
    const { stdout } = await stage.wx(['recover', '--dry-run'], { FORCE_COLOR: '1' });
    expect(stdout).toContain(ESCAPE);
  });

  test('is the same with --verbose, whose log goes beside it', async () => {
    const quiet = await stage.wx(['check', '--read-only', '--section', 'users', '--json']);
    const loud = await stage.wx(['check', '--read-only', '--section', 'users', '--json', '--verbose']);
    for (const { stdout } of [quiet, loud]) expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(loud.stderr.length).toBeGreaterThan(quiet.stderr.length);
  });
});

test('colours are for terminals, unless somebody says otherwise', () => {
  const terminal = { isTTY: true };
  expect(wantsColour(terminal, {})).toBe(true);
  expect(wantsColour(terminal, { CI: '1' })).toBe(true);
  expect(wantsColour(terminal, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour(terminal, { TERM: 'dumb' })).toBe(false);
  expect(wantsColour(terminal, { FORCE_COLOR: '0' })).toBe(false);
  expect(wantsColour({}, { CI: '1' })).toBe(false);
  expect(wantsColour({}, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(true);
});

test('a table keeps its columns and its width, whichever language it is in', () => {
  const rows = [
    ['灯塔', '1', '这一列很长，要折成好几行，而且标点符号不能出现在一行的开头，否则读起来很别扭。'.repeat(2)],
    ['lighthouse', '22', 'a long cell that is broken between its words, and nowhere else if that can be helped'],
  ];
  const lines = renderTable({ head: ['名称', '数', '说明'], rows, columns: 60 });
  expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(60);
  const starts = lines
    .filter((line) => /\S {2,}\d/.test(line))
    .map((line) => widthOf(line.slice(0, line.search(/\d/))));
  expect(new Set(starts).size).toBe(1);
  for (const line of lines) expect(line.trimStart()).not.toMatch(/^[，。；：、）」]/);
});

test('a text is wrapped without losing anything', () => {
  for (const text of ['中文 and English，混排：第一行', 'x'.repeat(50), '一'.repeat(30), '']) {
    for (const columns of [10, 17, 24]) {
      const lines = wrap(text, columns);
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns + 2);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    }
  }
});

test('a bar is as full as the walk is far, and never more than full', () => {
  expect(progressBar(8_123, 20_000)).toBe('██████████░░░░░░░░░░░░░░  8,123 / 20,000  40 %');
  expect(progressBar(0, 0)).toContain('100 %');
  expect(progressBar(30, 20)).toContain('30 / 30  100 %');
});

test('an openid is shown by its ends only, also where an app made an id of it', () => {
  expect(maskOpenid('oABCDEFGHIJKLMNOPQRSTUVWXYZ1')).toBe('oABC…XYZ1');
  expect(maskOpenid('o123')).toBe('…');
  expect(maskId('oABCDEFGHIJKLMNOPQRSTUVWXYZ1')).toBe('oABC…XYZ1');
  expect(maskId('w_0123456789abcdef')).toBe('w_0123456789abcdef');
});
