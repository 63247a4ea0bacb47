/** `npm run mutation`: how many small mistakes in the two rooms the tests notice. See scripts/mutation. */
export default {
  plugins: ['@stryker-mutator/vitest-runner', './scripts/mutation/error-messages.mjs'],
  testRunner: 'vitest',
  vitest: { configFile: 'scripts/mutation/vitest.config.ts' },
  mutate: ['src/durable/**/*.ts', 'src/generation/**/*.ts', '!src/**/index.ts'],
  ignorers: ['error-messages'],
  // A constant of a module is the same for all tests: each such mutant would need every test from the start.
  ignoreStatic: true,
  coverageAnalysis: 'perTest',
  concurrency: 2,
  incremental: true,
  incrementalFile: 'dist/mutation/incremental.json',
  tempDirName: 'dist/mutation/tmp',
  ignorePatterns: ['dist', 'examples', 'bench', 'docs', 'coverage', 'cloudfunctions', 'console', 'test/emulator'],
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: 'dist/mutation/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportMutants: true },
  thresholds: { high: 95, low: 85, break: 85 },
};
