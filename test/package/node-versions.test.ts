import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cacheFolder, obtainNode } from '../../scripts/check-package/node-versions.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wx-durable-nodes-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program in the place of npm: it notes each call, then does what the shell script says; $PREFIX is where to. */
function npmThat(script: string): string {
  const path = join(folder, 'npm');
  writeFileSync(path, `#!/bin/sh\necho called >> "${folder}/calls"\nPREFIX="$3"\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Installs a "Node" that tells this version. */
const installing = (version: string) => `mkdir -p "$PREFIX/node_modules/node-test-x64/bin"
printf '#!/bin/sh\\necho v${version}\\n' > "$PREFIX/node_modules/node-test-x64/bin/node"
chmod +x "$PREFIX/node_modules/node-test-x64/bin/node"`;

const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n').length;
const source = (npm: string) => ({ cacheDir: join(folder, 'cache'), platform: 'test', arch: 'x64', npm });

test('a version is installed once and is there for the next run', async () => {
  const npm = npmThat(installing('18.15.0'));
  const binary = await obtainNode('18.15.0', source(npm));
  expect(existsSync(binary)).toBe(true);
  expect(await obtainNode('18.15.0', source(npm))).toBe(binary);
  expect(calls()).toBe(1);
  expect(readdirSync(join(folder, 'cache'))).toEqual(['node-test-x64-18.15.0']);
});

test('runs that need the same version at once all get it, whole', async () => {
  const npm = npmThat(installing('18.15.0'));
  const binaries = await Promise.all([1, 2, 3, 4].map(() => obtainNode('18.15.0', source(npm))));
  expect(new Set(binaries).size).toBe(1);
  expect(readdirSync(join(folder, 'cache'))).toEqual(['node-test-x64-18.15.0']);
});

test('what was left half installed is replaced', async () => {
  mkdirSync(join(folder, 'cache/node-test-x64-18.15.0/node_modules/node-test-x64/bin'), { recursive: true });
  const binary = await obtainNode('18.15.0', source(npmThat(installing('18.15.0'))));
  expect(existsSync(binary)).toBe(true);
});

test('a registry that cannot be reached is a failure that says what to do, and leaves nothing behind', async () => {
  const npm = npmThat('echo "ENOTFOUND registry" >&2; exit 1');
  const attempt = obtainNode('18.15.0', source(npm));
  await expect(attempt).rejects.toThrow(
    /npm could not install node-test-x64@18\.15\.0[^]*Connect this machine[^]*ENOTFOUND/,
  );
  expect(readdirSync(join(folder, 'cache'))).toEqual([]);
});

test('another version than the one asked for is refused', async () => {
  await expect(obtainNode('18.15.0', source(npmThat(installing('18.20.8'))))).rejects.toThrow('is not Node 18.15.0');
});

test('the cache is where the user keeps caches', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: join(folder, 'xdg') })).toBe(join(folder, 'xdg/wx-durable'));
});

test('a cache folder that cannot be made gives way to the next', () => {
  writeFileSync(join(folder, 'file'), '');
  const chosen = cacheFolder({ XDG_CACHE_HOME: join(folder, 'file') });
  expect(chosen.startsWith(folder)).toBe(false);
});
