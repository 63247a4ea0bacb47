/** What people, timers and the platform do around one generation. Each ends with everything healed and recovered. */
import type { World } from './world.ts';

export type Story = (world: World) => Promise<void>;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const later = (world: World, ms: number): Promise<void> => world.clock.advance(ms);
const finish = <T>(world: World, work: Promise<T>): Promise<T> => world.clock.until(work);

export const stories: Readonly<Record<string, Story>> = {
  'one call': async (world) => {
    await finish(world, world.call('r1'));
  },
  'a call and its client retry at once': async (world) => {
    await finish(world, world.call('r1'));
    await later(world, 2_000);
    await finish(world, world.call('r1'));
  },
  'a call and its client retry after the lease': async (world) => {
    await finish(world, world.call('r1'));
    await later(world, 2 * MINUTE_MS);
    await finish(world, world.call('r1'));
  },
  'two calls of one request at once': async (world) => {
    await finish(world, Promise.all([world.call('r1'), world.call('r1')]));
  },
  'recovery beside a client retry': async (world) => {
    await finish(world, world.call('r1'));
    await later(world, 2 * MINUTE_MS);
    await finish(world, Promise.all([world.recover(), world.call('r1')]));
  },
  'an explicit retry of an unknown result': async (world) => {
    await finish(world, world.call('r1'));
    await later(world, 2 * MINUTE_MS);
    await finish(world, world.call('r1'));
    await finish(world, world.call('r1', true));
  },
  'an explicit retry beside recovery': async (world) => {
    await finish(world, world.call('r1'));
    await later(world, 2 * MINUTE_MS);
    await finish(world, world.recover());
    await finish(world, Promise.all([world.call('r1', true), world.recover()]));
  },
  'two recoveries at once': async (world) => {
    await finish(world, world.call('r1'));
    await later(world, 2 * MINUTE_MS);
    await finish(world, Promise.all([world.recover(), world.recover()]));
  },
  'a call whose hold is pruned': async (world) => {
    await finish(world, world.call('r1'));
    await prunedLater(world);
    await finish(world, world.prune());
    // What is very late arrives only now, when nothing is held any more.
    await later(world, LONG_AGO_MS);
  },
  'a call repeated after its hold was pruned': async (world) => {
    await finish(world, world.call('r1'));
    await later(world, 2_000);
    await finish(world, world.call('r1'));
    await prunedLater(world);
    await finish(world, Promise.all([world.prune(), world.prune(), world.recover()]));
    await later(world, 2 * MINUTE_MS);
    await finish(world, Promise.all([world.call('r1'), world.prune()]));
    await later(world, LONG_AGO_MS);
    await finish(world, world.call('r1'));
  },
};

/** Longer than holds are kept, and shorter than a late statement is late. */
export const LONG_AGO_MS = 60 * 3_600_000;
/** Stories in which nothing is held any more when the latest statement arrives. */
export const isPruned = (story: string): boolean => story.includes('pruned');

// Recovery has run as its timer would, also after a day, and the holds have had their time.
async function prunedLater(world: World): Promise<void> {
  await later(world, 2 * MINUTE_MS);
  await finish(world, world.recover());
  await later(world, DAY_MS);
  await finish(world, world.recover());
  await later(world, 25 * 3_600_000);
}

/** Ends a story: faults are over, everything late arrives, recovery runs as its timer would. */
export async function conclude(world: World): Promise<void> {
  await world.clock.advance(30 * MINUTE_MS);
  world.plan.heal();
  await finish(world, world.recover());
  await world.clock.advance(DAY_MS + 30 * MINUTE_MS);
  await finish(world, world.recover());
  await world.clock.advance(3 * 3_600_000);
  await finish(world, world.recover());
  await finish(world, world.recover());
}
