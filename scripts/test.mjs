// `npm test [-- --json]`: every check of the project, cheapest first, up to the first failure; what needs nothing of one
// another runs side by side. The last line is `N passed, N failed`: vitest's tests, plus one for each check outside
// vitest; or the same as JSON.
import { join, resolve } from 'node:path';
import { runSteps } from './test/run-steps.mjs';

/** @param {string} name */
const bin = (name) => join('node_modules', '.bin', name);

process.exitCode = await runSteps(
  [
    [
      { title: 'lint: eslint', command: bin('eslint'), args: ['.', '--max-warnings', '0'] },
      { title: 'rooms: check-imports', command: 'node', args: ['scripts/check-imports.mjs'], shown: true },
      { title: 'unused: knip', command: bin('knip'), args: ['--no-progress', '--no-config-hints'] },
      { title: 'types: tsc', command: bin('tsc'), args: ['-p', '.'] },
      { title: 'lint: prettier', command: bin('prettier'), args: ['--check', '.', '--log-level', 'warn'] },
      { title: 'build', command: 'node', args: ['scripts/build.mjs'], shown: true },
      { title: 'build: the SDK in one file', command: 'node', args: ['scripts/test/one-file-sdk.mjs'] },
      { title: 'browser: chromium', command: 'node', args: ['scripts/ensure-browser.mjs'] },
    ],
    [
      {
        ...{ title: 'tests: vitest', command: bin('vitest'), args: ['run'], shown: true, counts: true },
        // Built a moment ago, so no test needs to build it again.
        env: { WX_DURABLE_BUILT: resolve('dist') },
      },
    ],
    [{ title: 'conformance', command: 'node', args: ['scripts/conformance.mjs'], shown: true, counts: true }],
    [{ title: 'package', command: 'node', args: ['scripts/check-package.mjs'], shown: true, counts: true }],
  ],
  { json: process.argv.includes('--json') },
);
