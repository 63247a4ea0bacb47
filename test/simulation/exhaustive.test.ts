import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runEach } from './every-run.ts';
import { exhaust, type ExhaustiveOptions, type Report } from './exhaustive.ts';
import { MOODS } from './exhaustive-tasks.ts';
import { MEETING_NAMES, STORY_NAMES } from './stories.ts';
import { sabotages } from './sabotages.ts';

let placements = 0;
let states = 0;
const run = async (options: ExhaustiveOptions): Promise<Report> => {
  const report = await exhaust(options);
  placements += report.placements;
  states += report.states;
  return report;
};
const ONCE = { mood: 'paints', maxAttempts: 1, maxFaults: 1 } as const;

// Stacks of errors that are planned, and looked at by nobody, would take a tenth of the time.
const limit = Error.stackTraceLimit;
beforeAll(() => void (Error.stackTraceLimit = 0));
afterAll(() => {
  Error.stackTraceLimit = limit;
  console.log(
    `# simulation: ${placements} placements of faults over ${states} states, none lost, doubled or miscounted`,
  );
});

describe('every placement of two faults, and of one where the provider does something else', () => {
  for (const name of STORY_NAMES) {
    for (const mood of MOODS) {
      const maxFaults = mood === 'paints' || name === 'one call' ? 2 : 1;
      it(`loses and doubles nothing in "${name}" when the provider ${mood}`, async () => {
        expect((await run({ ...ONCE, name, mood, maxFaults })).failures).toEqual([]);
      });
    }
  }
});

describe('every placement of one fault where each statement is attempted twice', () => {
  for (const name of ['one call', 'two calls of one request at once', 'an explicit retry beside recovery'] as const) {
    it(`loses and doubles nothing in "${name}"`, async () => {
      expect((await run({ ...ONCE, name, maxAttempts: 2 })).failures).toEqual([]);
    });
  }
});

describe('functions that meet', () => {
  for (const name of MEETING_NAMES) {
    it(`count right, whatever the order of their statements, in "${name}"`, async () => {
      const report = await run({ ...ONCE, name, maxFaults: 0, anyOrder: true });
      expect(report.placements).toBeGreaterThan(50);
      expect(report.failures).toEqual([]);
    });
  }
});

describe('merging what comes to the same state', () => {
  const counted = ({ placements, wrong, held, by, endings }: Report) => ({
    ...{ placements, wrong, held, by },
    endings: [...endings].sort(),
  });
  const both = async (options: ExhaustiveOptions) => {
    const merged = await run(options);
    const each = await runEach(options);
    expect(merged.merged).toBeGreaterThan(0);
    expect(counted(merged)).toEqual(counted(each));
    return merged;
  };

  it('finds the same endings, right and wrong ones, each as often as a world for every placement does', async () => {
    const sabotage = sabotages['acknowledges dead letters without keeping them'];
    const { wrong, placements } = await both({ ...ONCE, name: 'one call', maxFaults: 2, sabotage });
    expect(wrong).toBeGreaterThan(0);
    expect(wrong).toBeLessThan(placements / 2);
  });

  it.each(STORY_NAMES)('finds the same in "%s"', async (name) => {
    await both({ ...ONCE, name });
  });

  it('finds the same where statements of two functions come in any order', async () => {
    await both({ ...ONCE, name: 'a count repair beside one generation', maxFaults: 0, anyOrder: true });
  });
});

// Controls: the checker must notice a store that breaks one promise the protocol stands on.
describe('the checker', () => {
  for (const [words, sabotage] of Object.entries(sabotages)) {
    it(`notices a store that ${words}`, async () => {
      let wrong = 0;
      for (const name of STORY_NAMES) wrong = wrong || (await run({ ...ONCE, name, sabotage })).wrong;
      expect(wrong).toBeGreaterThan(0);
    });
  }
});
