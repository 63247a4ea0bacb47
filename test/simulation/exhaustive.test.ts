import { describe, expect, it } from 'vitest';
import { exhaust } from './exhaustive.ts';
import { stories } from './stories.ts';

describe('every placement of one fault', () => {
  for (const story of Object.keys(stories)) {
    for (const mood of ['paints', 'refuses', 'takes-tasks'] as const) {
      it(`loses and doubles nothing in "${story}" when the provider ${mood}`, async () => {
        const tally = await exhaust({ story, mood, maxAttempts: 1, maxFaults: 1 });
        console.log(`${story}, ${mood}: ${tally.plans} plans`);
        expect(tally.failures).toEqual([]);
      });
    }
  }
});
