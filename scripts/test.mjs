// `npm test`: every check of the project, cheapest first, up to the first failure.
// The last line is `N passed, N failed`: vitest's tests, plus one for each check outside vitest.
import { join } from 'node:path';
import { runSteps } from './test/run-steps.mjs';

/** @param {string} name */
const bin = (name) => join('node_modules', '.bin', name);

process.exitCode = await runSteps([
  { title: 'lint: eslint', command: bin('eslint'), args: ['.', '--max-warnings', '0'] },
  { title: 'lint: prettier', command: bin('prettier'), args: ['--check', '.', '--log-level', 'warn'] },
  { title: 'types: tsc', command: bin('tsc'), args: ['-p', '.'] },
  { title: 'unused: knip', command: bin('knip'), args: ['--no-progress', '--no-config-hints'] },
  { title: 'rooms: check-imports', command: 'node', args: ['scripts/check-imports.mjs'], shown: true },
  { title: 'build', command: 'node', args: ['scripts/build.mjs'], shown: true },
  { title: 'browser: chromium', command: 'node', args: ['scripts/ensure-browser.mjs'] },
  { title: 'tests: vitest', command: bin('vitest'), args: ['run'], shown: true, counts: true },
  { title: 'conformance', command: 'node', args: ['scripts/conformance.mjs'], shown: true, counts: true },
  { title: 'package', command: 'node', args: ['scripts/check-package.mjs'], shown: true, counts: true },
]);
