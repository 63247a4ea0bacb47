import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { meets } from '../../scripts/bench/targets.mjs';
import { countsOf, tableOf } from '../../scripts/gate/closing.mjs';
import { figure, judgedFigure } from '../../scripts/gate/figures.mjs';
import { runGate } from '../../scripts/gate/run-gate.mjs';
import { steps, type Step } from '../../scripts/gate/steps.mjs';

interface Lost {
  readonly lost: number;
}

/** A step whose process does this; its figure is how much was lost. */
const planted = (code: string, more: Partial<Step> = {}): Step => ({
  ...{ name: 'planted', about: 'a step', command: process.execPath, args: ['-e', code] },
  figures: ({ lost }: Lost) => [figure('lost', lost, '= 0')],
  ...more,
});

const says = (value: unknown): string =>
  `console.log('chatter'); console.log(${JSON.stringify(JSON.stringify(value))});`;

async function gate(...planned: readonly Step[]) {
  const lines: string[] = [];
  const outcomes = await runGate(planned, (line) => void lines.push(line));
  return { outcomes, counts: countsOf(outcomes), said: lines.join('\n') };
}

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('the gate', () => {
  test('passes where every figure is what it must be, and says each step with its figures and its time', async () => {
    const { counts, said, outcomes } = await gate(planted(says({ lost: 0 })), planted(says({ lost: 0 })));
    expect(counts).toEqual({ passed: 2, failed: 0 });
    expect(said).toMatch(/^\n> planted: .*\nok {2}planted: lost 0 \(\d+ s\)\n/);
    expect(tableOf(outcomes).split('\n')[1]).toMatch(/^planted +lost +0 += 0 +yes$/);
  });

  test('fails by a figure that is not met although its command ended well, and goes on with the next step', async () => {
    const { counts, said, outcomes } = await gate(planted(says({ lost: 2 })), planted(says({ lost: 0 })));
    expect(counts).toEqual({ passed: 1, failed: 1 });
    expect(said).toContain('FAILED  planted: ! lost 2');
    expect(tableOf(outcomes)).toMatch(/lost +2 += 0 +NO/);
  });

  test('fails by an exit code although all figures are met, and shows what the step said', async () => {
    const { counts, said } = await gate(planted(`${says({ lost: 0 })} process.exitCode = 1;`));
    expect(counts).toEqual({ passed: 1, failed: 1 });
    expect(said).toContain('chatter');
    expect(said).toContain('ended exit 1');
  });

  test.each([
    ['nothing', ''],
    ['no JSON', "console.log('all is well')"],
    ['JSON that is no object', "console.log('0')"],
    ['another object', says({ found: 0 })],
    ['a figure that is no number', says({ lost: '0' })],
    ['its JSON before its last line', `${says({ lost: 0 })} console.log('done');`],
  ])('fails where a step says %s', async (_what, code) => {
    const { counts, said } = await gate(planted(code));
    expect(counts).toEqual({ passed: 0, failed: 1 });
    expect(said).toContain('FAILED  planted: ! figures');
  });

  test('fails where a step has no figures at all, where its command is not there, and where nothing was run', async () => {
    expect((await gate(planted(says({}), { figures: () => [] }))).counts).toEqual({ passed: 0, failed: 1 });
    expect((await gate(planted('', { command: 'no-such-command-here' }))).counts).toEqual({ passed: 0, failed: 2 });
    expect((await gate()).counts).toEqual({ passed: 0, failed: 1 });
  });

  test('reads the file that a step writes, and never the one of an earlier run', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wx-durable-gate-'));
    folders.push(folder);
    const file = join(folder, 'result.json');
    writeFileSync(file, '{"lost":0}');
    expect((await gate(planted('', { file }))).counts).toEqual({ passed: 0, failed: 1 });
    expect((await gate(planted(`fs.writeFileSync('${file}', '{"lost":0}')`, { file }))).counts.passed).toBe(1);
  });
});

describe('a figure', () => {
  test.each([
    [1, '<= 1', true],
    [1.01, '<= 1', false],
    [300, '>= 300', true],
    [299.9, '>= 300', false],
    [0, '= 0', true],
    [1, '= 0', false],
  ])('%d is held against "%s"', (value, target, met) => {
    expect(figure('it', value, target).met).toBe(met);
  });

  test.each([undefined, null, NaN, Infinity, '0', true])('is refused where it is %s', (value) => {
    expect(() => figure('it', value, '= 0')).toThrow('"it" is');
  });

  test('is refused with a target that nobody can read, or a judgement that is none', () => {
    for (const target of ['', '< 1', 'about 3', '= x', '<= 1 or more'])
      expect(() => meets(0, target)).toThrow('no target');
    for (const met of [undefined, null, 'yes', 1])
      expect(() => judgedFigure({ what: 'it', figure: '0', target: '= 0', met: met as never })).toThrow('is met');
  });
});

describe('the steps', () => {
  const scripts = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts;
  const named = (name: string): Step => steps.find((step) => step.name === name) as Step;

  test('have names of their own and run commands of the project', () => {
    expect(new Set(steps.map(({ name }) => name)).size).toBe(steps.length);
    for (const { command, args } of steps) {
      expect([command, args[0], Object.hasOwn(scripts, args[2] ?? '')]).toEqual(['npm', 'run', true]);
    }
  });

  // On little, so that a command and what is read of it cannot drift apart unseen.
  test.each([
    ['sim', ['scripts/sim.mjs', '--seeds', '50', '--calls', '5', '--json'], ['histories', 'histories a second']],
    [
      'exhaustive',
      ['scripts/sim.mjs', '--exhaustive', '1', '--story', 'one call', '--json'],
      ['plans', 'plans with statements in any order'],
    ],
    [
      'compare',
      ['scripts/sim.mjs', '--compare', '--calls', '50', '--json'],
      ['calls of each system', 'p99 in ms, at most the original’s'],
    ],
    [
      'planted',
      ['scripts/sim.mjs', '--planted', '--bug', 'closes what is closed', '--seeds', '60', '--json'],
      ['planted mistakes'],
    ],
  ])('%s reads every figure of its command, and misses none but those about its size', (name, args, sizes) => {
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stderr).toBe('');
    const figures = named(name).figures(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''));
    expect(figures.length).toBeGreaterThan(2);
    expect(figures.filter(({ met, what }) => !met && !sizes.includes(what))).toEqual([]);
  });
});

test('a step that is not there is a mistake of the caller, and the list runs nothing', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['scripts/gate.mjs', ...args], { encoding: 'utf8' });
  expect(run('--only', 'nothing')).toMatchObject({ status: 3, stdout: '' });
  const listed = run('--list', '--except', 'sim').stdout;
  expect(listed).toContain('npm run soak -- --json');
  expect(listed).not.toContain('--seeds');
});
