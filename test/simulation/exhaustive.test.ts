import { afterAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/index.ts';
import { exhaust, type ExhaustiveOptions, type Tally } from './exhaustive.ts';
import { stories } from './stories.ts';

const MOODS = ['paints', 'refuses', 'takes-tasks'] as const;
const NAMES = Object.keys(stories);

let plans = 0;
const run = async (options: ExhaustiveOptions): Promise<Tally> => {
  const tally = await exhaust(options);
  plans += tally.plans;
  return tally;
};

afterAll(() => {
  console.log(`# simulation: ${plans} placements of faults, none lost, doubled or miscounted`);
});

describe('every placement of one fault', () => {
  for (const story of NAMES) {
    for (const mood of MOODS) {
      it(`loses and doubles nothing in "${story}" when the provider ${mood}`, async () => {
        expect((await run({ story, mood, maxAttempts: 1, maxFaults: 1 })).failures).toEqual([]);
      });
    }
  }

  it('loses and doubles nothing when each statement is attempted twice', async () => {
    for (const story of ['one call', 'two calls of one request at once', 'an explicit retry beside recovery']) {
      expect((await run({ story, mood: 'paints', maxAttempts: 2, maxFaults: 1 })).failures).toEqual([]);
    }
  });
});

describe('placements of two faults', () => {
  for (const mood of MOODS) {
    it(`lose and double nothing, one in sixty of all stories, when the provider ${mood}`, async () => {
      for (const [offset, story] of NAMES.entries()) {
        const tally = await run({ story, mood, maxAttempts: 1, maxFaults: 2, everyNth: 60, offset });
        expect(tally.failures).toEqual([]);
      }
    }, 120_000);
  }
});

// Controls: the checker must notice a store that breaks one promise the protocol stands on.
describe('the checker', () => {
  const sabotages: Readonly<Record<string, (store: Store) => Store>> = {
    'updates whatever the condition': (store) => ({
      ...store,
      update: (collection, target, change) => store.update(collection, { id: target.id }, change),
    }),
    'overwrites on insert': (store) => ({
      ...store,
      async insert(collection, document) {
        await store.remove(collection, { id: document._id });
        return store.insert(collection, document);
      },
    }),
    'acknowledges dead letters without keeping them': (store) => ({
      ...store,
      insert: (collection, document) =>
        collection === 'emergency_backup' ? Promise.resolve('inserted') : store.insert(collection, document),
    }),
    'forgets conditions on holds that are closed': (store) => ({
      ...store,
      update(collection, target, change) {
        const where = Object.entries(target.where ?? {}).filter(([path]) => !path.endsWith('.st'));
        return store.update(collection, { id: target.id, where: Object.fromEntries(where) }, change);
      },
    }),
  };
  for (const [name, sabotage] of Object.entries(sabotages)) {
    it(`notices a store that ${name}`, async () => {
      const failures: unknown[] = [];
      for (const story of NAMES) {
        const tally = await exhaust({ story, mood: 'paints', maxAttempts: 1, maxFaults: 1, sabotage });
        failures.push(...tally.failures);
      }
      expect(failures.length).toBeGreaterThan(0);
    });
  }
});
