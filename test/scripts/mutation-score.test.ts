import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPT = resolve('scripts/mutation/score.mjs');
const WRITER = 'src/durable/writer.ts';
const QUOTA = 'src/generation/quota.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wx-durable-score-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

/** What runs so far left: for each file its text then, and what became of its mistakes. */
function report(files: Readonly<Record<string, readonly [source: string, ...statuses: string[]]>>): void {
  const entries = Object.entries(files).map(([name, [source, ...statuses]]) => [
    name,
    { source, mutants: statuses.map((status) => ({ status })) },
  ]);
  put('dist/mutation/incremental.json', JSON.stringify({ files: Object.fromEntries(entries) }));
}

function score() {
  const { stdout, status } = spawnSync('node', [SCRIPT], { cwd: folder, encoding: 'utf8' });
  const lines = stdout.split('\n').map((line) => line.split(/\s{2,}/));
  const lineOf = (name: string) => lines.find(([first]) => first === name)?.slice(1);
  return { stdout, status, lineOf };
}

describe('the score of the mutation runs', () => {
  it('is that of Stryker, for each file, each room and in total', () => {
    put(WRITER, 'a');
    put(QUOTA, 'b');
    put('src/generation/index.ts', 'no logic');
    const most = ['Killed', 'Killed', 'Killed', 'Timeout', 'Killed', 'Killed'];
    report({ [WRITER]: ['a', ...most, 'Survived', 'Ignored', 'RuntimeError'], [QUOTA]: ['b', ...most] });
    const { status, lineOf } = score();
    expect(lineOf(WRITER)).toEqual(['85.7 %', '5', '1', '1', '0', '1', '1']);
    expect(lineOf(QUOTA)).toEqual(['100.0 %', '5', '1', '0', '0', '0', '0']);
    expect(lineOf('all of src/durable')).toEqual(lineOf(WRITER));
    expect(lineOf('all 2 files')).toEqual(['92.3 %', '10', '2', '1', '0', '1', '1']);
    expect(status).toBe(0);
  });

  it('fails where mistakes go unnoticed, be it for want of a test', () => {
    put(WRITER, 'a');
    put(QUOTA, 'b');
    report({ [WRITER]: ['a', 'Killed', 'NoCoverage'], [QUOTA]: ['b', 'Killed'] });
    const { status, lineOf } = score();
    expect(lineOf('all 2 files')).toEqual(['66.7 %', '2', '0', '0', '1', '0', '0']);
    expect(status).toBe(1);
  });

  it('names what was never run, and what was changed since, and fails for either', () => {
    put(WRITER, 'a');
    put(QUOTA, 'b');
    report({ [WRITER]: ['a', 'Killed'] });
    expect(score()).toMatchObject({ status: 1, stdout: expect.stringContaining(`last changed: ${QUOTA}`) });
    report({ [WRITER]: ['another', 'Killed'], [QUOTA]: ['b', 'Killed'] });
    expect(score()).toMatchObject({ status: 1, stdout: expect.stringContaining(`last changed: ${WRITER}`) });
    rmSync(join(folder, 'dist'), { recursive: true });
    const { status, stdout } = score();
    expect([status, stdout.match(/last changed/g)?.length]).toEqual([1, 2]);
  });
});
