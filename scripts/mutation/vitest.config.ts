import { defineConfig } from 'vitest/config';

/**
 * The tests that speak for `src/durable` and `src/generation`: those of the two rooms, and those of others that run them
 * in their own process. Built functions and the long simulations would only repeat them slowly.
 */
export default defineConfig({
  test: {
    include: [
      'test/durable/**/*.test.ts',
      'test/generation/**/*.test.ts',
      'test/integrity/{backup-section,figures,lanes,sections,tiers-section}.test.ts',
      'test/once/recover.test.ts',
      'test/scenarios/{alerts-of-walks,history-edges,recovery-edges,two-kinds}.test.ts',
    ],
    // It takes seconds for what other tests say in milliseconds.
    exclude: ['test/durable/redrive-many.test.ts'],
    // What takes longer is counted as a timeout and not as a failure.
    testTimeout: 20_000,
    includeTaskLocation: true,
    reporters: ['default'],
  },
});
