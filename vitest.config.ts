import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    allowOnly: false,
    testTimeout: 120_000,
    // Most of the time is waiting, for timeouts and other processes.
    maxWorkers: 2,
    hookTimeout: 120_000,
    // Slow tests are slow on purpose (kill -9 rounds, timeouts of the platform): no line each.
    slowTestThreshold: 60_000,
    silent: 'passed-only',
    reporters: [['default', { summary: false }], './scripts/test/counts-reporter.mjs'],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
});
