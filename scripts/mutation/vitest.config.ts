import { defineConfig } from 'vitest/config';

/** The tests that speak for `src/durable` and `src/generation`; the long simulations would only repeat them slowly. */
export default defineConfig({
  test: {
    include: process.env['TRY']
      ? [process.env['TRY']]
      : ['test/durable/**/*.test.ts', 'test/generation/**/*.test.ts', 'test/simulation/pruned-ids.test.ts'],
    testTimeout: 20_000,
    includeTaskLocation: true,
    reporters: ['default'],
  },
});
