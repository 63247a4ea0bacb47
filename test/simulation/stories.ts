/** What people, timers and the platform do around one generation. Each ends with everything healed and recovered. */
import type { Down } from './faults.ts';

/** A function that is started. */
export type Act =
  | { readonly run: 'call'; readonly request: string; readonly retriesUnknown?: true }
  | { readonly run: 'recover' | 'prune' | 'repair' };

/** One after the other: functions that begin at the same time, over when all have answered; or time that passes. */
export type Scene = ({ readonly acts: readonly Act[] } | { readonly laterMs: number }) & {
  /** Nothing goes wrong in it, but for what is on its way already. */
  readonly isQuiet?: true;
  /** From its beginning on. @default as before */
  readonly down?: Down | 'nothing';
  /** Counts at its beginning the holds under which nothing was paid. */
  readonly notesHeld?: true;
};

export interface Story {
  readonly scenes: readonly Scene[];
  /** Different pictures that are asked for. @default 1 */
  readonly requests?: number;
  /** Times a person asks to pay once more. @default 0 */
  readonly explicitRetries?: number;
  /** When a very late statement arrives. @default after a day */
  readonly veryLateMs?: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Longer than holds are kept: what is so late arrives when nothing is held any more. */
const LONG_AGO_MS = 60 * HOUR_MS;

const together = (...acts: readonly Act[]): Scene => ({ acts });
const later = (laterMs: number): Scene => ({ laterMs });
const callOf = (request: string): Act => ({ run: 'call', request });
const call = callOf('r1');
const again: Act = { run: 'call', request: 'r1', retriesUnknown: true };
const recover: Act = { run: 'recover' };
const prune: Act = { run: 'prune' };
const repair: Act = { run: 'repair' };

const quiet = (scene: Scene): Scene => ({ ...scene, isQuiet: true });
const onceAndLater = [together(call), later(2 * MINUTE_MS)];

/** Before anything goes wrong: these are called while `works` is down, and their records become letters. */
const letters = (...requests: readonly string[]): readonly Scene[] => [
  ...requests.map((request) => quiet({ ...together(callOf(request)), down: 'works-down' })),
  quiet({ ...later(2 * MINUTE_MS), down: 'nothing' }),
];

// Recovery has run as its timer would, also after a day, and the holds have had their time.
const prunedLater = [
  later(2 * MINUTE_MS),
  together(recover),
  later(DAY_MS),
  together(recover),
  later(25 * HOUR_MS),
] as const;

export const stories = {
  'one call': { scenes: [together(call)] },
  'a call and its client retry at once': { scenes: [together(call), later(2_000), together(call)] },
  'a call and its client retry after the lease': { scenes: [...onceAndLater, together(call)] },
  'two calls of one request at once': { scenes: [together(call, call)] },
  'recovery beside a client retry': { scenes: [...onceAndLater, together(recover, call)] },
  'an explicit retry at once': {
    explicitRetries: 1,
    scenes: [together(call), later(2_000), together(again)],
  },
  'an explicit retry of an unknown result': {
    explicitRetries: 1,
    scenes: [...onceAndLater, together(call), together(again)],
  },
  'an explicit retry beside recovery': {
    explicitRetries: 1,
    scenes: [...onceAndLater, together(recover), together(again, recover)],
  },
  'an explicit retry after an outage of works': {
    explicitRetries: 1,
    scenes: [
      { ...together(call), down: 'works-down' },
      { ...later(2 * MINUTE_MS), down: 'nothing' },
      // A function that was frozen goes on before the recovery.
      ...[together(call), together(again), later(15 * MINUTE_MS), together(recover)],
    ],
  },
  'two explicit retries at once': {
    explicitRetries: 2,
    scenes: [...onceAndLater, together(call), together(again, again)],
  },
  'two recoveries at once': { scenes: [...onceAndLater, together(recover, recover)] },
  'a call whose hold is pruned': {
    veryLateMs: LONG_AGO_MS,
    // What is very late arrives only at the end, when nothing is held any more.
    scenes: [together(call), ...prunedLater, together(prune), later(LONG_AGO_MS)],
  },
  'a call repeated after its hold was pruned': {
    veryLateMs: LONG_AGO_MS,
    scenes: [
      ...[together(call), later(2_000), together(call), ...prunedLater, together(prune, prune, recover)],
      ...[later(2 * MINUTE_MS), together(call, prune), later(LONG_AGO_MS), together(call)],
    ],
  },
  'one redrive of three letters': { requests: 3, scenes: [...letters('r1', 'r2', 'r3'), together(recover)] },
} satisfies Readonly<Record<string, Story>>;

export type StoryName = keyof typeof stories;
export const STORY_NAMES = Object.keys(stories) as readonly StoryName[];

/** Functions that meet without any fault, in whatever order their statements come. */
export const meetings = {
  'a count repair beside one generation': { scenes: [together(call, repair)] },
  'a count repair beside the second generation': {
    requests: 2,
    scenes: [quiet(together(callOf('r0'))), together(call, repair)],
  },
  'a count repair beside a redrive': { scenes: [...letters('r1'), together(recover, repair)] },
  'two generations and a count repair': { requests: 2, scenes: [together(call, callOf('r2'), repair)] },
} satisfies Readonly<Record<string, Story>>;

export type MeetingName = keyof typeof meetings;
export const MEETING_NAMES = Object.keys(meetings) as readonly MeetingName[];

/** The story or meeting of this name. */
export function storyOf(name: StoryName | MeetingName): Story {
  return { ...stories, ...meetings }[name];
}

/** How every story ends: faults are over, everything late arrives, recovery runs as its timer would. */
export const ENDING: readonly Scene[] = [
  later(30 * MINUTE_MS),
  quiet({ ...together(recover), down: 'nothing' }),
  quiet({ ...later(DAY_MS + 30 * MINUTE_MS), notesHeld: true }),
  quiet(together(recover)),
  quiet(later(3 * HOUR_MS)),
  quiet(together(recover)),
  quiet(together(recover)),
];
