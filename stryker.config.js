/** `npm run mutation`: how many small mistakes in the two rooms the tests notice. See scripts/mutation. */
export default {
  plugins: [
    './scripts/mutation/warm-runner.mjs',
    '@stryker-mutator/vitest-runner',
    './scripts/mutation/error-messages.mjs',
  ],
  // `--testRunner vitest` takes Stryker's own: the same verdicts, many times slower.
  testRunner: 'warm',
  vitest: { configFile: 'scripts/mutation/vitest.config.ts' },
  mutate: ['src/durable/**/*.ts', 'src/generation/**/*.ts', '!src/**/index.ts'],
  ignorers: ['error-messages'],
  // A constant of a module is the same for all tests: each such mutant would need every test from the start.
  ignoreStatic: true,
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // Beside the time that its tests took: what hangs is a mistake noticed, what is slow on a busy machine is none.
  timeoutMS: 20_000,
  dryRunTimeoutMinutes: 5,
  incremental: true,
  incrementalFile: 'dist/mutation/incremental.json',
  tempDirName: 'dist/mutation/tmp',
  ignorePatterns: ['dist', 'examples', 'bench', 'docs', 'coverage', 'console', 'test/emulator'],
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: 'dist/mutation/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportMutants: true },
  thresholds: { high: 95, low: 85, break: 85 },
};
