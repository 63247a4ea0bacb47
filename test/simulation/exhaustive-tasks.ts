/** Which stories are explored, and how far. */
import type { ExhaustiveOptions } from './exhaustive.ts';
import type { ProviderMood } from './functions.ts';
import { MEETING_NAMES, STORY_NAMES, type StoryName } from './stories.ts';

/** One story to explore; plain, so that it can be sent to a worker. */
export type Task = Omit<ExhaustiveOptions, 'sabotage'>;

export const MOODS: readonly ProviderMood[] = ['paints', 'refuses', 'takes-tasks'];

/** Those in which functions overlap: their statements are tried in every order. */
const OVERLAPPING = [
  'two calls of one request at once',
  'recovery beside a client retry',
  'an explicit retry beside recovery',
  'two explicit retries at once',
  'two recoveries at once',
] as const satisfies readonly StoryName[];

/**
 * At most `maxFaults` faults where each statement is attempted once; two where it is attempted again, and where
 * functions overlap in every order; one where a count repair meets one function, and none where it meets two.
 */
export function tasksFor({ maxFaults }: { readonly maxFaults: number }): readonly Task[] {
  const plain = { mood: 'paints', maxAttempts: 1 } as const;
  const once = STORY_NAMES.flatMap((name) => MOODS.map((mood): Task => ({ ...plain, name, mood, maxFaults })));
  const again = STORY_NAMES.flatMap((name) =>
    [2, 3].map((maxAttempts): Task => ({ ...plain, name, maxAttempts, maxFaults: Math.min(2, maxFaults) })),
  );
  const overlap = OVERLAPPING.map((name): Task => ({
    ...plain,
    name,
    maxFaults: Math.min(2, maxFaults),
    anyOrder: true,
  }));
  const meeting = MEETING_NAMES.map((name): Task => {
    const most = name === 'two generations and a count repair' ? 0 : 1;
    return { ...plain, name, maxFaults: Math.min(most, maxFaults), anyOrder: true };
  });
  return [...once, ...again, ...overlap, ...meeting];
}

/** What a rule is tried by: every placement of so many faults over these stories. */
export function rulesTasks(stories: readonly StoryName[], maxFaults = 2): readonly Task[] {
  const moods: readonly ProviderMood[] = maxFaults > 2 ? ['paints'] : ['paints', 'refuses'];
  const once = stories.flatMap((name) => moods.map((mood): Task => ({ name, mood, maxAttempts: 1, maxFaults })));
  const again = stories.map((name): Task => ({ name, mood: 'paints', maxAttempts: 2, maxFaults: 1 }));
  return [...once, ...again];
}
