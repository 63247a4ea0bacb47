/** What people, timers and the platform do around one generation. Each ends with everything healed and recovered. */
import type { World } from './world.ts';

export interface Story {
  /** What happens before anything goes wrong. @default nothing */
  readonly before?: (world: World) => Promise<void>;
  readonly tell: (world: World) => Promise<void>;
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

/** Things that begin at the same time; over when all are. */
const together = (world: World, ...works: readonly Promise<unknown>[]): Promise<unknown> =>
  world.clock.until(Promise.all(works));

async function once(world: World): Promise<void> {
  await together(world, world.call('r1'));
}

async function onceAndLater(world: World): Promise<void> {
  await once(world);
  await world.later(2 * MINUTE_MS);
}

export const stories = {
  'one call': { tell: once },
  'a call and its client retry at once': {
    async tell(world) {
      await once(world);
      await world.later(2_000);
      await once(world);
    },
  },
  'a call and its client retry after the lease': {
    async tell(world) {
      await onceAndLater(world);
      await once(world);
    },
  },
  'two calls of one request at once': {
    async tell(world) {
      await together(world, world.call('r1'), world.call('r1'));
    },
  },
  'recovery beside a client retry': {
    async tell(world) {
      await onceAndLater(world);
      await together(world, world.recover(), world.call('r1'));
    },
  },
  'an explicit retry of an unknown result': {
    explicitRetries: 1,
    async tell(world) {
      await onceAndLater(world);
      await once(world);
      await together(world, world.call('r1', true));
    },
  },
  'an explicit retry beside recovery': {
    explicitRetries: 1,
    async tell(world) {
      await onceAndLater(world);
      await together(world, world.recover());
      await together(world, world.call('r1', true), world.recover());
    },
  },
  'two explicit retries at once': {
    explicitRetries: 2,
    async tell(world) {
      await onceAndLater(world);
      await once(world);
      await together(world, world.call('r1', true), world.call('r1', true));
    },
  },
  'two recoveries at once': {
    async tell(world) {
      await onceAndLater(world);
      await together(world, world.recover(), world.recover());
    },
  },
  'a call whose hold is pruned': {
    veryLateMs: LONG_AGO_MS,
    async tell(world) {
      await once(world);
      await prunedLater(world);
      await together(world, world.prune());
      // What is very late arrives only now, when nothing is held any more.
      await world.later(LONG_AGO_MS);
    },
  },
  'a call repeated after its hold was pruned': {
    veryLateMs: LONG_AGO_MS,
    async tell(world) {
      await once(world);
      await world.later(2_000);
      await once(world);
      await prunedLater(world);
      await together(world, world.prune(), world.prune(), world.recover());
      await world.later(2 * MINUTE_MS);
      await together(world, world.call('r1'), world.prune());
      await world.later(LONG_AGO_MS);
      await once(world);
    },
  },
  'one redrive of three letters': {
    requests: 3,
    async before(world) {
      world.plan.worksDown = true;
      for (const request of ['r1', 'r2', 'r3']) await together(world, world.call(request));
      world.plan.worksDown = false;
      await world.later(2 * MINUTE_MS);
    },
    async tell(world) {
      await together(world, world.recover());
    },
  },
} satisfies Readonly<Record<string, Story>>;

export type StoryName = keyof typeof stories;
export const STORY_NAMES = Object.keys(stories) as readonly StoryName[];

/** Functions that meet without any fault, in whatever order their statements come. */
export const meetings = {
  'a count repair beside one generation': {
    async tell(world) {
      await together(world, world.call('r1'), world.repair());
    },
  },
  'a count repair beside the second generation': {
    requests: 2,
    async before(world) {
      await together(world, world.call('r0'));
    },
    async tell(world) {
      await together(world, world.call('r1'), world.repair());
    },
  },
  'a count repair beside a redrive': {
    async before(world) {
      world.plan.worksDown = true;
      await once(world);
      world.plan.worksDown = false;
      await world.later(2 * MINUTE_MS);
    },
    async tell(world) {
      await together(world, world.recover(), world.repair());
    },
  },
  'two generations and a count repair': {
    requests: 2,
    async tell(world) {
      await together(world, world.call('r1'), world.call('r2'), world.repair());
    },
  },
} satisfies Readonly<Record<string, Story>>;

export type MeetingName = keyof typeof meetings;
export const MEETING_NAMES = Object.keys(meetings) as readonly MeetingName[];

/** The story or meeting of this name. */
export function storyOf(name: StoryName | MeetingName): Story {
  return { ...stories, ...meetings }[name];
}

// Recovery has run as its timer would, also after a day, and the holds have had their time.
async function prunedLater(world: World): Promise<void> {
  await world.later(2 * MINUTE_MS);
  await together(world, world.recover());
  await world.later(DAY_MS);
  await together(world, world.recover());
  await world.later(25 * HOUR_MS);
}

/** Ends a story: faults are over, everything late arrives, recovery runs as its timer would. */
export async function conclude(world: World): Promise<void> {
  await world.later(30 * MINUTE_MS);
  world.plan.heal();
  await together(world, world.recover());
  world.noteHeld();
  await world.later(DAY_MS + 30 * MINUTE_MS);
  await together(world, world.recover());
  await world.later(3 * HOUR_MS);
  await together(world, world.recover());
  await together(world, world.recover());
}
