/** Which stories are explored, and how far. */
import type { ExhaustiveOptions } from './exhaustive.ts';
import { MEETING_NAMES, STORY_NAMES, type StoryName } from './stories.ts';
import type { ProviderMood } from './world.ts';

/** One story to explore; plain, so that it can be sent to a worker. */
export type Task = Omit<ExhaustiveOptions, 'story' | 'sabotage'>;

export const MOODS: readonly ProviderMood[] = ['paints', 'refuses', 'takes-tasks'];

/** Those in which three faults are placed whole, whatever the provider does; of the others see `everyNth`. */
const CORE: ReadonlySet<StoryName> = new Set([
  'one call',
  'a call and its client retry at once',
  'a call and its client retry after the lease',
  'two calls of one request at once',
  'one redrive of three letters',
]);

/** In the other stories, of the placements of the third fault every n-th. */
const EVERY_NTH = 50;

export interface Extent {
  readonly maxFaults: number;
  /** Every placement in all stories, however long it takes. */
  readonly isWhole: boolean;
}

/** At most `maxFaults` faults where each statement is attempted once, two where it is attempted again; and meetings. */
export function tasksFor({ maxFaults, isWhole }: Extent): readonly Task[] {
  const once = STORY_NAMES.flatMap((name) =>
    MOODS.map((mood): Task => {
      const isThin = maxFaults > 2 && !isWhole && !CORE.has(name);
      return { name, mood, maxAttempts: 1, maxFaults, ...(isThin ? { everyNth: EVERY_NTH } : {}) };
    }),
  );
  const again = STORY_NAMES.flatMap((name) =>
    [2, 3].map((maxAttempts): Task => ({ name, mood: 'paints', maxAttempts, maxFaults: Math.min(2, maxFaults) })),
  );
  const meeting = MEETING_NAMES.map((name): Task => ({
    name,
    mood: 'paints',
    maxAttempts: 1,
    maxFaults: 0,
    anyOrder: true,
  }));
  return [...once, ...again, ...meeting];
}

/** What a rule is tried by: every placement of two faults over these stories. */
export function rulesTasks(stories: readonly StoryName[]): readonly Task[] {
  const once = stories.flatMap((name) =>
    (['paints', 'refuses'] as const).map((mood): Task => ({ name, mood, maxAttempts: 1, maxFaults: 2 })),
  );
  const again = stories.map((name): Task => ({ name, mood: 'paints', maxAttempts: 2, maxFaults: 1 }));
  return [...once, ...again];
}
