import { expect, test } from 'vitest';
import { findStrayFiles } from '../../scripts/check-package/tarball.mjs';

const SHIPPED = [
  'package.json',
  'LICENSE',
  'README.md',
  'dist/lib/index.cjs',
  'dist/lib/store/memory.d.ts',
  'dist/cli/index.js',
  'dist/cli/worker.cjs',
  'dist/cloudfunctions/generateImage/config.json',
  'dist/cloudbaserc.json',
];

test('a tarball of what is shipped has no stray file', () => {
  expect(findStrayFiles(SHIPPED)).toEqual([]);
});

test.each([
  'src/index.ts',
  'test/core/day.test.ts',
  'dist/lib/index.js.map',
  'dist/lib/day.test.js',
  'dist/meta/cloudfunctions/generateImage.json',
  'dist/cloudfunctions/generateImage/node_modules/a/index.js',
  '.env',
])('%s in the tarball is stray', (path) => {
  expect(findStrayFiles([...SHIPPED, path])).toEqual([`ships ${path}`]);
});

test('an empty tarball is a fault', () => {
  expect(findStrayFiles([])).toEqual(['the tarball is empty']);
});
