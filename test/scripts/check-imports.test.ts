import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { findViolations } from '../../scripts/check-imports/judge.mjs';
import { scanFiles } from '../../scripts/check-imports/scan.mjs';

const trees: string[] = [];

afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true, force: true });
});

/** A small project that keeps every rule; each test plants one breach in it. */
const CLEAN = {
  'src/core/index.ts': "export * from './clock.ts';",
  'src/core/clock.ts': 'export const now = (clock: { now(): number }) => clock.now();',
  'src/core/node/index.ts':
    "import { randomBytes } from 'node:crypto';\nexport const at = () => [Date.now(), randomBytes(1)];",
  'src/records/index.ts': "import * as z from 'zod/mini';\nexport const id = z.string();",
  'src/store/index.ts': "import type { now } from '../core/index.ts';\nexport type Now = typeof now;",
  'src/store/memory/index.ts': "export type { Now } from '../index.ts';",
  'src/durable/index.ts': "import retry from 'p-retry';\nimport '../store/index.ts';\nexport { retry };",
  'src/generation/index.ts': "import { at } from './asset.ts';\nexport { at };",
  'src/generation/asset.ts':
    "import { lookup } from 'node:dns';\nexport const at = (atMs: number) => [new Date(atMs), lookup];",
  'src/service/index.ts': "import '../durable/index.ts';\nimport '../generation/index.ts';",
  'src/emulator/index.ts':
    "import 'mingo/query';\nimport '../core/index.ts';\nimport { createServer } from 'node:http';\nexport { createServer };",
  'src/emulator/worker.cjs':
    "const { parentPort } = require('node:worker_threads');\nparentPort.on('message', () => process.exit());",
  'src/cli/index.ts':
    "import { version } from '../../package.json';\nimport '../emulator/index.ts';\nimport '../core/node/index.ts';\nconsole.log(version);",
  'src/index.ts': "export * from './service/index.ts';\nexport * from './store/memory/index.ts';",
  'cloudfunctions/hello/index.ts':
    "import cloud from 'wx-server-sdk';\nimport '../../src/service/index.ts';\nexport const main = () => cloud;",
};

function plant(files: Record<string, string> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'wx-durable-imports-'));
  trees.push(root);
  for (const [path, text] of Object.entries({ ...CLEAN, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

function violationsWith(files: Record<string, string>): string[] {
  return findViolations(scanFiles(plant(files), ['src', 'cloudfunctions']));
}

test('a project that keeps every rule has no violation', () => {
  expect(violationsWith({})).toEqual([]);
});

describe('an import against the table is caught', () => {
  test.each([
    ['a value import', "import { id } from '../records/index.ts';\nexport { id };"],
    ['a bare import', "import '../records/index.ts';"],
    ['a type import', "import type { id } from '../records/index.ts';\nexport type Id = typeof id;"],
    ['an import type', "export type Id = typeof import('../records/index.ts').id;"],
    ['a re-export', "export { id } from '../records/index.ts';"],
    ['a star re-export', "export * from '../records/index.ts';"],
    ['a dynamic import', "export const load = () => import('../records/index.ts');"],
    ['a require', "export const load = () => require('../records/index.ts');"],
    ['an import assignment', "import records = require('../records/index.ts');\nexport { records };"],
  ])('as %s', (_form, text) => {
    expect(violationsWith({ 'src/core/clock.ts': text })).toEqual([
      expect.stringContaining("imports '../records/index.ts'; core may not import records"),
    ]);
  });
});

describe('a wall between rooms holds', () => {
  test.each([
    [
      'another way in than the door',
      'src/records/index.ts',
      '../core/clock.ts',
      'the only way into core is its index.ts',
    ],
    ['a sibling', 'src/durable/writer.ts', '../jobs/index.ts', 'durable may not import jobs'],
    [
      'an adapter in a service',
      'src/service/index.ts',
      '../store/memory/index.ts',
      'service may not import store/memory',
    ],
    ["a room's own adapter", 'src/store/index.ts', './memory/index.ts', 'store may not import store/memory'],
    ["Node's ports below the roots", 'src/service/a.ts', '../core/node/index.ts', 'service may not import core/node'],
    ['the emulator in the library', 'src/index.ts', './emulator/index.ts', 'src/index.ts may not import emulator'],
    [
      'the emulator in a function',
      'cloudfunctions/hello/index.ts',
      '../../src/emulator/index.ts',
      'may not import emulator',
    ],
    ['a function', 'src/cli/index.ts', '../../cloudfunctions/hello/index.ts', 'nobody imports it'],
    ['the command line', 'src/emulator/index.ts', '../cli/index.ts', 'emulator may not import cli'],
    ['the front desk', 'src/service/index.ts', '../index.ts', 'import the room'],
    ['a test', 'src/service/index.ts', '../../test/a.ts', 'this lies in no room'],
    ['a package of another room', 'src/once/index.ts', 'p-retry', 'once may not use this package'],
    ['all of zod', 'src/records/index.ts', 'zod', 'records may not use this package'],
    ['the SDK in an adapter', 'src/store/cloudbase/index.ts', 'wx-server-sdk', 'may not use this package'],
    ['Node below the roots', 'src/service/index.ts', 'node:crypto', 'service may not use this part of Node'],
    [
      'Node beside the part that may',
      'src/generation/index.ts',
      'node:dns',
      'generation may not use this part of Node',
    ],
  ])('against %s', (_what, path, specifier, reason) => {
    const violations = violationsWith({
      'src/jobs/index.ts': 'export {};',
      [path]: `import type {} from '${specifier}';`,
    });
    expect(violations).toEqual([expect.stringMatching(`^${path}:1: imports '${specifier}'; `)]);
    expect(violations[0]).toContain(reason);
  });
});

test('a folder that no line of the table names is refused', () => {
  expect(violationsWith({ 'src/utils/index.ts': 'export {};' })).toEqual([
    'src/utils/index.ts:1: belongs to no room; name its folder in the table of rooms',
  ]);
});

describe('what reads the machine is caught outside the rooms that may', () => {
  test.each([
    ['Date.now', 'export const a = Date.now();'],
    ['Date.now', 'export const { a } = { a: Date.now };'],
    ['new Date()', 'export const a = new Date();'],
    ['new Date()', 'export const a = new Date;'],
    ['setTimeout', 'setTimeout(() => {}, 1);'],
    ['setInterval', 'export const a = { setInterval };'],
    ['Math.random', 'export const a = Math.random();'],
    ['process', "export const a = process.env['A'];"],
    ['console', "console.log('a');"],
    ['fetch', "export const a = (get = fetch) => get('a');"],
    ['globalThis', "export const a = globalThis['fetch'];"],
  ])('%s in: %s', (what, text) => {
    expect(violationsWith({ 'src/once/index.ts': text })).toEqual([
      `src/once/index.ts:1: uses ${what}; in once this comes in by argument`,
    ]);
  });

  test.each([
    ['a moment made of a number', 'export const a = new Date(0);'],
    ['a parameter of that name', "export const a = (fetch: (url: string) => void) => fetch('a');"],
    ['a local of that name', 'const process = { env: {} };\nexport const a = process.env;'],
    ['a member of that name', 'export const a = (deps: { fetch(): void }) => deps.fetch();'],
    ['the type of a global', 'export interface Deps { readonly fetch: typeof fetch }'],
    ['a string', "export const a = 'Date.now()';"],
  ])('%s is none of that', (_what, text) => {
    expect(violationsWith({ 'src/once/index.ts': text })).toEqual([]);
  });
});

test('a cycle of files that need one another to start is caught, and a cycle of types is not', () => {
  const cycle = (form: string) => ({
    'src/once/index.ts': "export * from './a.ts';",
    'src/once/a.ts': "import { b } from './b.ts';\nexport const a = () => b;",
    'src/once/b.ts': `${form} { a } from './a.ts';\nexport const b = (x: typeof a) => x;`,
  });
  expect(violationsWith(cycle('import'))).toEqual([
    'src/once/a.ts:1: import cycle: src/once/a.ts -> src/once/b.ts -> src/once/a.ts',
  ]);
  expect(violationsWith(cycle('import type'))).toEqual([]);
});

describe('the command', () => {
  const check = (root: string) =>
    spawnSync(process.execPath, ['scripts/check-imports.mjs', root], { encoding: 'utf8' });

  test('counts what it saw and passes when nothing is wrong', () => {
    const { status, stdout } = check(plant());
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'check-imports: 15 files, 22 imports, 0 violations\n' });
  });

  test('names the breach and fails when something is', () => {
    const { status, stdout, stderr } = check(plant({ 'src/core/clock.ts': "import '../records/index.ts';" }));
    expect(status).toBe(1);
    expect(stdout).toContain('1 violations');
    expect(stderr).toContain('src/core/clock.ts:1:');
  });

  test('fails when there is no file to check', () => {
    const empty = mkdtempSync(join(tmpdir(), 'wx-durable-imports-'));
    trees.push(empty);
    expect(check(empty)).toMatchObject({ status: 1, stdout: 'check-imports: 0 files, 0 imports, 0 violations\n' });
  });
});
