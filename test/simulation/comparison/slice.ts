/** A slice of the calls in a world of its own: people, one system, and everything that the assumptions let happen. */
import { sleep } from '../../../src/core/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../../src/store/memory/index.ts';
import { seededRandom } from '../../support/ports.ts';
import { createTestClock } from '../../support/test-clock.ts';
import { withoutFaults, type Assumptions } from './assumptions.ts';
import { createChance, type Chance } from './chance.ts';
import { planOutages } from './outages.ts';
import { createPlatform, type Asking, type Platform } from './platform.ts';
import { COLLECTIONS, type Ask, type System, type Told } from './system.ts';
import { tallyOf, type Asked, type Payment, type Tally } from './tally.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Which calls of which world. */
export interface Slice {
  readonly assumptions: Assumptions;
  readonly seed: number;
  readonly calls: number;
}

/** Plays a slice on one system, to the end of its recovery and repair, and counts what came of it. */
export async function playSlice(system: System, slice: Slice): Promise<Tally> {
  const world = await openWorld(system, slice);
  const { clock, bare, asked, payments } = world;
  const plan = planCalls(world.chance, slice, clock.now());
  const running = plan.map((call) => askAndAskAgain(world, system, { slice, call }));
  const stopTimer = startTimer(world, system);
  await clock.until(Promise.all(running));
  stopTimer();
  // Whatever is still on its way arrives, and the latest outage ends.
  await clock.advance(2 * HOUR_MS);
  const before = { users: bare.dump('users'), letters: bare.dump('emergency_backup').length };
  await clock.until(system.conclude({ ...world, boot: world.platform.boot, wait: (ms) => sleep(clock, ms) }));
  const stored = { before, users: bare.dump('users'), works: bare.dump('works') };
  return tallyOf({ payments, asked }, stored, system.keyOf);
}

type World = Awaited<ReturnType<typeof openWorld>>;

async function openWorld(system: System, { assumptions, seed, calls }: Slice) {
  const clock = createTestClock();
  const chance = createChance(seed);
  const lastsMs = (calls / assumptions.callsPerDay) * DAY_MS;
  const outages = planOutages(chance, assumptions, [clock.now(), clock.now() + lastsMs]);
  const bare = createMemoryStore(COLLECTIONS);
  for (let person = 0; person < peopleOf(assumptions, calls); person += 1) {
    const { userId: _id, openid } = personOf(person);
    await bare.insert('users', { _id, openid, credits: 0, generateCount: 0, vipLevel: 1 });
  }
  const logLines: string[] = [];
  const payments: Payment[] = [];
  const surroundings = { clock, chance, assumptions, outages };
  const reached = { surroundings, bare, blobs: createMemoryBlobs(), random: seededRandom(seed) };
  const platform: Platform = createPlatform(system, { ...reached, payments, paidFor: new Map(), logLines });
  return { clock, chance, bare, logLines, payments, asked: [] as Asked[], platform };
}

const peopleOf = ({ callsPerUser }: Assumptions, calls: number): number =>
  Math.max(1, Math.round(calls / callsPerUser));
const personOf = (person: number) => ({ userId: `u_${person}`, openid: `o_${person}` });

interface PlannedCall {
  readonly request: number;
  readonly ask: Ask;
  readonly atMs: number;
  readonly isKilled: boolean;
}

function planCalls(chance: Chance, { assumptions, calls }: Slice, startMs: number): readonly PlannedCall[] {
  const lastsMs = (calls / assumptions.callsPerDay) * DAY_MS;
  return Array.from({ length: calls }, (_, request) => {
    const person = personOf(Math.floor(chance.share('who', request) * peopleOf(assumptions, calls)));
    return {
      request,
      ask: { ...person, requestId: `r${request}`, prompt: `画一只可爱的小猫，第 ${request} 张` },
      atMs: startMs + Math.floor(chance.share('when', request) * lastsMs),
      isKilled: chance.share('killed', request) < assumptions.killShare,
    };
  });
}

async function askAndAskAgain(
  { clock, chance, platform, asked }: World,
  system: System,
  { slice, call }: { readonly slice: Slice; readonly call: PlannedCall },
): Promise<void> {
  const { assumptions } = slice;
  const { request, ask } = call;
  const killAfterMs = call.isKilled
    ? Math.floor(chance.share('killed after', request) * (await calmDurationMs(system, slice, call)))
    : undefined;
  await sleep(clock, call.atMs - clock.now());
  const first = await platform.run({ ask, request, again: 0, killAfterMs });
  asked.push(first);
  const waitMs = patienceMs(first.told, assumptions);
  if (waitMs === undefined || assumptions.clientRetries === 0) return;
  await sleep(clock, waitMs);
  asked.push(await platform.run({ ask, request, again: 1 }));
}

// How long a person waits before asking again; not at all where there is an answer.
function patienceMs({ kind }: Told, { retryAfterErrorMs, retryAfterSilenceMs }: Assumptions): number | undefined {
  if (kind === 'picture' || kind === 'failed') return undefined;
  return kind === 'error' || kind === 'refused' ? retryAfterErrorMs : retryAfterSilenceMs;
}

/** How long a call takes this system where nothing goes wrong. */
async function calmDurationMs(system: System, slice: Slice, call: PlannedCall): Promise<number> {
  const world = await openWorld(system, { ...slice, assumptions: withoutFaults(slice.assumptions) });
  const asking: Asking = { ask: call.ask, request: call.request, again: 0 };
  return (await world.clock.until(world.platform.run(asking))).tookMs;
}

// Each run is an instance of its own, that the platform ends after a minute.
function startTimer({ clock, platform }: World, { timer }: System): () => void {
  if (!timer) return () => undefined;
  let runs = 0;
  let cancel = (): void => undefined;
  const next = (): void => {
    cancel = clock.after(timer.everyMs, () => {
      runs += 1;
      void timer.run(platform.boot(`timer ${runs}`));
      next();
    });
  };
  next();
  return () => cancel();
}
