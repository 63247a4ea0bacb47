import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  findDependencies,
  findExternals,
  findMisplaced,
  findUnlicensed,
} from '../../scripts/check-package/contents.mjs';

const SOUND = {
  peerDependencies: { 'wx-server-sdk': '*' },
  peerDependenciesMeta: { 'wx-server-sdk': { optional: true } },
};
const modules = resolve('node_modules');
const folder = mkdtempSync(join(tmpdir(), 'wx-durable-contents-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bundle = (what: string, { inputs = [] as string[], externals = [] as string[] }) => ({
  what,
  folder: 'lib',
  inputs: ['/src/index.ts', ...inputs],
  externals,
});

test('a manifest that names the SDK as an optional peer and no more installs nothing', () => {
  expect(findDependencies(SOUND)).toEqual([]);
});

test.each([
  ['a dependency', { ...SOUND, dependencies: { 'p-retry': '7.1.1' } }, '"dependencies" is there'],
  ['an optional one', { ...SOUND, optionalDependencies: {} }, '"optionalDependencies" is there'],
  ['one in the tarball', { ...SOUND, bundleDependencies: {} }, '"bundleDependencies" is there'],
  ['another peer', { ...SOUND, peerDependencies: { 'wx-server-sdk': '*', zod: '*' } }, 'zod is a peer'],
  ['an SDK that must be there', { ...SOUND, peerDependenciesMeta: {} }, 'wx-server-sdk is no optional peer'],
])('a manifest with %s is refused', (_what, manifest, complaint) => {
  expect(findDependencies(manifest)).toEqual([complaint]);
});

test('the query engine is found in any output but the local cloud and the command', () => {
  const inputs = [`${modules}/mingo/dist/esm/query.js`];
  expect(findMisplaced([bundle('lib/emulator', { inputs }), bundle('cli', { inputs })])).toEqual([]);
  expect(findMisplaced([bundle('lib/index', { inputs })])).toEqual([`lib/index holds ${modules}/mingo`]);
});

test('outputs without a single source file prove nothing', () => {
  expect(findMisplaced([])).toEqual(['nothing was built']);
});

test('a bundled SDK, and a package left to be installed, are found', () => {
  const inputs = [`${modules}/wx-server-sdk/index.js`];
  expect(findExternals([bundle('cli', { externals: ['node:fs', 'fs', 'wx-server-sdk'] })])).toEqual([]);
  expect(findExternals([bundle('cli', { inputs })])).toEqual([`cli holds ${modules}/wx-server-sdk/index.js`]);
  expect(findExternals([bundle('lib/index', { externals: ['p-retry'] })])).toEqual(['lib/index needs p-retry']);
  expect(findExternals([bundle('lib/index', { externals: ['wx-server-sdk'] })])).toEqual([
    'lib/index needs wx-server-sdk',
  ]);
});

test('what a web page loads may need nothing of Node', () => {
  const externals = ['node:fs'];
  expect(findExternals([bundle('lib/emulator/wx', { externals })])).toEqual(['lib/emulator/wx needs node:fs']);
  expect(findExternals([bundle('lib/emulator', { externals })])).toEqual([]);
});

test('a bundled package whose licence is not shipped is named with its version', () => {
  const inputs = [`${modules}/p-retry/index.js`];
  const bundles = [bundle('lib/index', { inputs })];
  const complaint = 'lib/THIRD_PARTY_LICENSES.txt does not name p-retry 7.1.1, which lib/index holds';
  expect(findUnlicensed(bundles, folder)).toEqual([complaint]);
  mkdirSync(join(folder, 'lib'));
  writeFileSync(join(folder, 'lib/THIRD_PARTY_LICENSES.txt'), 'p-retry 7.1.0 (MIT)\n');
  expect(findUnlicensed(bundles, folder)).toEqual([complaint]);
  writeFileSync(join(folder, 'lib/THIRD_PARTY_LICENSES.txt'), 'p-retry 7.1.1 (MIT)\n');
  expect(findUnlicensed(bundles, folder)).toEqual([]);
});
