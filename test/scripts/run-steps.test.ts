import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';

interface PlantedStep {
  readonly title: string;
  /** What the step's process does. */
  readonly code: string;
  readonly shown?: boolean;
  readonly counts?: boolean;
}

const RUNNER = pathToFileURL(resolve('scripts/test/run-steps.mjs')).href;

/** Runs planted phases in a process of their own, as `npm test` runs the real ones. */
function runPhases(planted: readonly (readonly PlantedStep[])[], options: { readonly json?: boolean } = {}) {
  const phases = planted.map((steps) =>
    steps.map(({ code, ...step }) => ({ ...step, command: process.execPath, args: ['-e', code] })),
  );
  const given = `${JSON.stringify(phases)}, ${JSON.stringify(options)}`;
  const script = `import { runSteps } from '${RUNNER}'; process.exitCode = await runSteps(${given});`;
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return { status: ran.status, stdout: ran.stdout, lastLine: ran.stdout.trimEnd().split('\n').at(-1) };
}

/** The same with one step in each phase. */
const runSteps = (planted: readonly PlantedStep[]) => runPhases(planted.map((step) => [step]));

function count(passed: number, failed: number, exitCode = failed > 0 ? 1 : 0): PlantedStep {
  const counts = JSON.stringify({ passed, failed });
  const code = `fs.writeFileSync(process.env.WX_DURABLE_COUNTS_FILE, '${counts}'); process.exit(${exitCode});`;
  return { title: 'counting', code, counts: true };
}

const FINE: PlantedStep = { title: 'fine', code: "console.log('chatter')" };
const BROKEN: PlantedStep = { title: 'broken', code: "console.error('the reason'); process.exit(2)" };

test('the closing line adds a step that counts itself to one for each other step', () => {
  const { status, lastLine } = runSteps([FINE, count(7, 0), FINE]);
  expect({ status, lastLine }).toEqual({ status: 0, lastLine: '9 passed, 0 failed' });
});

test('a step that passes is one line, and its talk is not shown', () => {
  expect(runSteps([FINE]).stdout).toMatch(/^ok {2}fine \(\d+\.\d s\)\n\n1 passed, 0 failed\n$/);
});

test('the first failure shows all its output, stops the run and fails it', () => {
  const { status, stdout, lastLine } = runSteps([FINE, BROKEN, FINE]);
  expect({ status, lastLine }).toEqual({ status: 1, lastLine: '1 passed, 1 failed' });
  expect(stdout).toContain('the reason');
  expect(stdout).toContain('FAILED  broken (exit 2');
});

test.each([
  ['reports failed tests', count(3, 2), '3 passed, 2 failed'],
  ['fails without a failed test to show for it', count(3, 0, 1), '3 passed, 1 failed'],
  ['checked nothing', count(0, 0), '0 passed, 1 failed'],
  ['died before it could count', { title: 'dead', code: 'process.exit(0)', counts: true }, '0 passed, 1 failed'],
])('a counting step that %s fails the run', (_what, step, closing) => {
  const { status, lastLine } = runSteps([step]);
  expect({ status, lastLine }).toEqual({ status: 1, lastLine: closing });
});

test('a command that does not exist is a failure', () => {
  const script = `import { runSteps } from '${RUNNER}';
    process.exitCode = await runSteps([[{ title: 'absent', command: 'no-such-command-here', args: [] }]]);`;
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(ran.status).toBe(1);
  expect(ran.stdout).toMatch(/\n0 passed, 1 failed\n$/);
});

describe('steps of one phase', () => {
  /** Waits until the other one is there too, so that both end only side by side. */
  const meeting = (folder: string, me: string, other: string): PlantedStep => ({
    title: me,
    code: `fs.writeFileSync('${folder}/${me}', '');
      const look = () => fs.existsSync('${folder}/${other}') || setTimeout(look, 10);
      look();`,
  });

  test('run side by side, and each has its line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wx-durable-phase-'));
    const { status, stdout } = runPhases([[meeting(folder, 'one', 'other'), meeting(folder, 'other', 'one')]]);
    rmSync(folder, { recursive: true });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ok {2}(one|other) .*\nok {2}(one|other) .*\n\n2 passed, 0 failed\n$/);
  });

  test('are not begun after one has failed, and neither is the next phase', () => {
    const { stdout, lastLine } = runPhases([[BROKEN, FINE, FINE, FINE, FINE], [count(7, 0)]]);
    // The one beside it had begun; how many of the others had is a matter of time.
    expect(lastLine).toMatch(/^[1-4] passed, 1 failed$/);
    expect(stdout).not.toContain('counting');
  });

  test('show what belongs to the report when they have ended', () => {
    const { stdout } = runPhases([[{ title: 'told', code: "console.log('the table')", shown: true }, FINE]]);
    expect(stdout).toMatch(/ok {2}told \(.*\)\nthe table\n/);
  });
});

test('with json the last line is the counts as JSON', () => {
  const { lastLine } = runPhases([[FINE], [count(7, 0)]], { json: true });
  expect(JSON.parse(lastLine ?? '')).toEqual({ passed: 8, failed: 0 });
});
