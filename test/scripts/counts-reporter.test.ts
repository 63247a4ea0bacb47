import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wx-durable-reporter-'));
  folders.push(folder);
  return folder;
}

/** Runs vitest with the project's reporter on one test file, in a process of its own. */
function runVitest(testFile: string, env: Record<string, string> = {}) {
  const root = makeFolder();
  writeFileSync(join(root, 'planted.test.mjs'), testFile);
  const reporter = resolve('scripts/test/counts-reporter.mjs');
  const args = ['run', '--root', root, '--globals', '--silent', 'passed-only', '--reporter', reporter];
  const { WX_DURABLE_COUNTS_FILE: _outer, ...inherited } = process.env;
  const ran = spawnSync(process.execPath, [resolve('node_modules/vitest/vitest.mjs'), ...args], {
    encoding: 'utf8',
    env: { ...inherited, ...env, NO_COLOR: '1' },
    cwd: root,
  });
  return { status: ran.status, lines: ran.stdout.trimEnd().split('\n') };
}

const MIXED = `
test('passes', () => {});
test('passes too', () => { console.log('# rounds: 5'); console.log('chatter'); });
test('fails', () => { expect(1).toBe(2); });
`;

test('the run ends with the counts, alone on the last line and without colour', () => {
  const { status, lines } = runVitest(MIXED);
  expect(status).toBe(1);
  expect(lines.at(-1)).toBe('2 passed, 1 failed');
});

test('a figure that a test printed is shown, other talk of a passing test is not', () => {
  const { lines } = runVitest(MIXED);
  expect(lines).toContain('# rounds: 5');
  expect(lines.join('\n')).not.toContain('chatter');
});

test('a file that cannot be loaded counts as a failure', () => {
  const { status, lines } = runVitest("throw new Error('broken file');");
  expect(status).toBe(1);
  expect(lines.at(-1)).toBe('0 passed, 1 failed');
});

test('a rejection that no test waits for counts as a failure', () => {
  const { status, lines } = runVitest("test('passes', () => { void Promise.reject(new Error('stray')); });");
  expect(status).toBe(1);
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
});

test('where a file is named for the counts they go there and not to the output', () => {
  const file = join(makeFolder(), 'counts.json');
  const { lines } = runVitest(MIXED, { WX_DURABLE_COUNTS_FILE: file });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ passed: 2, failed: 1 });
  expect(lines).not.toContain('2 passed, 1 failed');
});
