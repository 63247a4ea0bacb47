import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const ensure = (path: string) =>
  spawnSync(process.execPath, ['scripts/ensure-browser.mjs'], {
    env: { ...process.env, CHROMIUM_PATH: path },
    encoding: 'utf8',
  });

test('a browser that is not where it was said to be fails the run, with the command that installs one', () => {
  const { status, stderr } = ensure('/nowhere/chromium');
  expect(status).toBe(1);
  expect(stderr).toMatch(/a browser is needed at \/nowhere\/chromium: run `apt-get .* chromium .*` as root/);
});

test('where there is one, nothing is said and nothing is installed', () => {
  const { status, stdout, stderr } = ensure(process.execPath);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
