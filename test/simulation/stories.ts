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
};

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
