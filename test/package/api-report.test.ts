import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { surfaceChecks, writeReports } from '../../scripts/check-package/api-report.mjs';

const DOORS = { '.': { import: { types: './lib/index.d.ts' } }, './package.json': './package.json' };
const BEFORE = 'export declare function write(id: string): Promise<void>;\n';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wx-durable-surface-'));
  mkdirSync(join(root, 'lib'));
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'planted', version: '1.0.0', exports: DOORS }));
  writeFileSync(join(root, 'tsconfig.json'), readFileSync(resolve('tsconfig.json')));
  declare(BEFORE);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const declare = (text: string) => writeFileSync(join(root, 'lib/index.d.ts'), text);
const scratch = () => join(root, 'scratch');

/** What the checks of the surface say, title by title, without those that are content. */
async function complaints(): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const { title, run } of surfaceChecks(root, scratch())) {
    const problems = await run();
    if (problems.length > 0) found[title] = problems;
  }
  return found;
}

const TITLE = 'the surface of index is the one in etc/index.api.md';

test('a surface that was written down is the one that is there, whatever the order of its declarations', async () => {
  declare(`${BEFORE}export declare const limit: number;\n`);
  expect(writeReports(root, scratch())).toEqual(['etc/index.api.md']);
  expect(await complaints()).toEqual({});
  declare(`export declare const limit: number;\n${BEFORE}`);
  expect(await complaints()).toEqual({});
});

test('a new argument, a new export and one that is gone are drift, told with the command that writes it down', async () => {
  writeReports(root, scratch());
  for (const [text, line] of [
    [BEFORE.replace('id: string', 'id: string, text: string'), '+ export function write(id: string, text: string)'],
    [`${BEFORE}export declare const limit: number;\n`, '+ export const limit: number;'],
    ['export {};\n', '- export function write(id: string): Promise<void>;'],
  ] as const) {
    declare(text);
    const found = await complaints();
    expect(Object.keys(found)).toEqual([TITLE]);
    expect(found[TITLE]?.join('\n')).toContain('`npm run api`');
    expect(found[TITLE]?.join('\n')).toContain(line);
  }
});

test('a type that is used but not exported belongs to the surface too', async () => {
  declare(`interface Options { readonly a: string }\nexport declare function write(options: Options): void;\n`);
  writeReports(root, scratch());
  declare(`interface Options { readonly b: string }\nexport declare function write(options: Options): void;\n`);
  expect((await complaints())[TITLE]?.join('\n')).toContain('+     readonly b: string');
});

test('a door without a report, and a report without a door, are found', async () => {
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/old.api.md'), '');
  expect((await complaints())['there is a report of every door, and of no other']).toEqual([
    'etc/index.api.md is missing; `npm run api` writes it',
    'etc/old.api.md belongs to no door; remove it',
  ]);
});
