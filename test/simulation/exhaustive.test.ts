import { afterAll, describe, expect, it } from 'vitest';
import { exhaust, type ExhaustiveOptions, type Report } from './exhaustive.ts';
import { MOODS } from './exhaustive-tasks.ts';
import { MEETING_NAMES, STORY_NAMES, storyOf } from './stories.ts';
import { sabotages } from './sabotages.ts';

let placements = 0;
let runs = 0;
const run = async (options: Omit<ExhaustiveOptions, 'story'>): Promise<Report> => {
  const report = await exhaust({ ...options, story: storyOf(options.name) });
  placements += report.placements;
  runs += report.runs;
  return report;
};
const ONCE = { mood: 'paints', maxAttempts: 1, maxFaults: 1 } as const;

afterAll(() => {
  console.log(`# simulation: ${placements} placements of faults in ${runs} runs, none lost, doubled or miscounted`);
});

describe('every placement of one fault, and a sample of two', () => {
  for (const [index, name] of STORY_NAMES.entries()) {
    for (const mood of name === 'one call' ? MOODS : (['paints', 'takes-tasks'] as const)) {
      it(`loses and doubles nothing in "${name}" when the provider ${mood}`, async () => {
        const report = await run({ ...ONCE, name, mood, maxFaults: 2, everyNth: 300, offset: index });
        expect(report.failures).toEqual([]);
      });
    }
  }

  it('loses and doubles nothing when each statement is attempted twice', async () => {
    for (const name of ['one call', 'two calls of one request at once', 'an explicit retry beside recovery'] as const) {
      expect((await run({ ...ONCE, name, maxAttempts: 2 })).failures).toEqual([]);
    }
  });
});

describe('every placement of two faults', () => {
  it('loses and doubles nothing in "one call"', async () => {
    expect((await run({ ...ONCE, name: 'one call', maxFaults: 2 })).failures).toEqual([]);
  });
});

describe('functions that meet', () => {
  for (const name of MEETING_NAMES.filter((meeting) => !meeting.startsWith('two'))) {
    it(`count right, whatever the order of their statements, in "${name}"`, async () => {
      const report = await run({ ...ONCE, name, maxFaults: 0, anyOrder: true });
      expect(report.placements).toBeGreaterThan(50);
      expect(report.failures).toEqual([]);
    });
  }
});

describe('merging runs that come to the same state', () => {
  const counted = ({ placements, wrong, held, by, endings }: Report) => ({
    ...{ placements, wrong, held, by },
    endings: [...endings].sort(),
  });
  const both = async (options: Omit<ExhaustiveOptions, 'story'>) => {
    const merged = await run(options);
    const unmerged = await run({ ...options, merges: false });
    expect(merged.runs).toBeLessThan(unmerged.runs);
    expect(counted(merged)).toEqual(counted(unmerged));
    return merged;
  };

  it('finds the same endings, right and wrong ones, each as often as running every placement does', async () => {
    const sabotage = sabotages['acknowledges dead letters without keeping them'];
    const { wrong, placements } = await both({ ...ONCE, name: 'one call', maxFaults: 2, sabotage });
    expect(wrong).toBeGreaterThan(0);
    expect(wrong).toBeLessThan(placements / 2);
  });

  it('finds the same where statements of two functions come in any order', async () => {
    const name = 'a count repair beside one generation';
    await both({ ...ONCE, name, maxFaults: 0, anyOrder: true });
  });
});

// Controls: the checker must notice a store that breaks one promise the protocol stands on.
describe('the checker', () => {
  for (const [words, sabotage] of Object.entries(sabotages)) {
    it(`notices a store that ${words}`, async () => {
      let wrong = 0;
      for (const name of STORY_NAMES) {
        wrong = wrong || (await run({ ...ONCE, name, sabotage })).wrong;
      }
      expect(wrong).toBeGreaterThan(0);
    });
  }
});
