/** A slice of the calls in a world of its own: people, one system, and everything that the assumptions let happen. */
import { createDeadline, isDurableError, sleep } from '../../../src/core/index.ts';
import { createSeal } from '../../../src/core/node/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../../src/store/memory/index.ts';
import { seededRandom } from '../../support/ports.ts';
import { createTestClock } from '../../support/test-clock.ts';
import { drawOutages } from '../histories/outages.ts';
import type { CallRequest } from '../histories/system.ts';
import type { Said } from '../histories/truth.ts';
import { withoutFaults, type Assumptions } from './assumptions.ts';
import { COLLECTIONS, type Contender } from './contender.ts';
import { drawsOf } from './instance.ts';
import { createPlatform } from './platform.ts';
import { tallyOf, type Asked, type Payment, type Tally } from './tally.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MAINTENANCE_MS = 59_850;
const seal = createSeal('5'.repeat(64));

/** Which calls of which world. */
export interface Slice {
  readonly assumptions: Assumptions;
  readonly seed: number;
  readonly calls: number;
}

/** Plays a slice on one system, to the end of its recovery and repair, and counts what came of it. */
export async function playSlice(system: Contender, slice: Slice): Promise<Tally> {
  const world = await openWorld(system, slice);
  const { clock, bare, asked, payments } = world;
  const running = planCalls(slice, clock.now()).map((call) => askAndAskAgain(world, system, { slice, call }));
  const stopTimer = startTimer(world, system);
  await clock.until(Promise.all(running));
  stopTimer();
  // Whatever is still on its way arrives, and the latest outage ends.
  await clock.advance(2 * HOUR_MS);
  const before = { users: bare.dump('users'), letters: bare.dump('emergency_backup').length };
  await clock.until(conclude(world, system));
  const [users, works, letters] = ['users', 'works', 'emergency_backup'].map((name) => bare.dump(name));
  return tallyOf({ payments, asked }, { before, users, works, letters } as Parameters<typeof tallyOf>[1], system);
}

type World = Awaited<ReturnType<typeof openWorld>>;

async function openWorld(system: Contender, { assumptions, seed, calls }: Slice) {
  const clock = createTestClock();
  const lastsMs = (calls / assumptions.callsPerDay) * DAY_MS;
  const window = { fromMs: clock.now(), toMs: clock.now() + lastsMs };
  const outages = drawOutages(assumptions, window, drawsOf({ seed }, 'outages'));
  const bare = createMemoryStore(COLLECTIONS);
  for (let person = 0; person < peopleOf(assumptions, calls); person += 1) {
    const openid = openidOf(person);
    await bare.insert('users', { _id: openid, openid, credits: 0, generateCount: 0, vipLevel: 1 });
  }
  const logLines: string[] = [];
  const payments: Payment[] = [];
  const surroundings = { clock, seed, assumptions, outages };
  const reached = { surroundings, bare, blobs: createMemoryBlobs(), random: seededRandom(seed), seal };
  const platform = createPlatform(system, { ...reached, payments, paidFor: new Map(), logLines });
  return { clock, seed, bare, logLines, payments, asked: [] as Asked[], platform };
}

const peopleOf = ({ callsPerUser }: Assumptions, calls: number): number =>
  Math.max(1, Math.round(calls / callsPerUser));
const openidOf = (person: number): string => `o_${person}`;

interface PlannedCall {
  readonly request: number;
  readonly ask: CallRequest;
  readonly atMs: number;
  readonly isKilled: boolean;
}

function planCalls({ assumptions, seed, calls }: Slice, startMs: number): readonly PlannedCall[] {
  const lastsMs = (calls / assumptions.callsPerDay) * DAY_MS;
  return Array.from({ length: calls }, (_, request) => {
    const draws = drawsOf({ seed }, 'plan', request);
    const openid = openidOf(draws.int(peopleOf(assumptions, calls)));
    const wish = `画一只可爱的小猫，第 ${request} 张`;
    return {
      ...{ request, ask: { openid, requestId: `r${request}`, wish, retryUnknown: false } },
      atMs: startMs + Math.floor(draws.next() * lastsMs),
      isKilled: draws.chance(assumptions.killShare),
    };
  });
}

async function askAndAskAgain(
  { clock, seed, platform, asked }: World,
  system: Contender,
  { slice, call }: { readonly slice: Slice; readonly call: PlannedCall },
): Promise<void> {
  const { assumptions } = slice;
  const { request, ask } = call;
  const killAfterMs = call.isKilled
    ? Math.floor(drawsOf({ seed }, 'killed after', request).next() * (await calmDurationMs(system, slice, call)))
    : undefined;
  await sleep(clock, call.atMs - clock.now());
  const first = await platform.run({ ask, request, again: 0, killAfterMs });
  asked.push(first);
  const waitMs = patienceMs(first.said, assumptions);
  if (waitMs === undefined || assumptions.clientRetries === 0) return;
  await sleep(clock, waitMs);
  asked.push(await platform.run({ ask, request, again: 1 }));
}

// How long a person waits before asking again; not at all where there is an answer.
function patienceMs(said: Said, { retryAfterErrorMs, retryAfterSilenceMs }: Assumptions): number | undefined {
  if (said.kind === 'final') return undefined;
  const isOpen = said.kind === 'nothing' || said.code === 'ONCE_IN_PROGRESS' || said.code === 'ONCE_UNKNOWN';
  return isOpen ? retryAfterSilenceMs : retryAfterErrorMs;
}

/** How long a call takes this system where nothing goes wrong. */
async function calmDurationMs(system: Contender, slice: Slice, { ask, request }: PlannedCall): Promise<number> {
  const { clock, platform } = await openWorld(system, { ...slice, assumptions: withoutFaults(slice.assumptions) });
  return (await clock.until(platform.run({ ask, request, again: 0 }))).tookMs;
}

const soon = ({ clock }: Pick<World, 'clock'>) => createDeadline(clock, clock.now() + MAINTENANCE_MS);

// Each run is an instance of its own.
function startTimer(world: World, { recoverEveryMs }: Contender): () => void {
  if (recoverEveryMs === undefined) return () => undefined;
  let runs = 0;
  let cancel = (): void => undefined;
  const next = (): void => {
    cancel = world.clock.after(recoverEveryMs, () => {
      runs += 1;
      void world.platform.boot(`timer ${runs}`).recover?.(soon(world), undefined);
      next();
    });
  };
  next();
  return () => cancel();
}

const MINUTE_MS = 60_000;

// The system's timers go on; the last of them after the day that an unknown result has. An operator hands the log back.
async function conclude(world: World, system: Contender): Promise<void> {
  const { clock, platform, logLines } = world;
  const recover = async (waitMs: number): Promise<void> => {
    await sleep(clock, waitMs);
    await platform.boot(`recover ${clock.now()}`, system.isTreatedKindly).recover?.(soon(world), undefined);
  };
  await recover(10 * MINUTE_MS);
  await platform.boot('read the log', system.isTreatedKindly).readLog?.(logLines, soon(world));
  for (const waitMs of [10 * MINUTE_MS, 25 * HOUR_MS, HOUR_MS, HOUR_MS]) await recover(waitMs);
  // Where a page could not be read, the next run of the timer repairs.
  for (let run = 1; run <= 3; run += 1) {
    await platform.boot(`repair ${run}`, system.isTreatedKindly).repair?.(soon(world)).catch(ignoreStore);
  }
}

function ignoreStore(error: unknown): void {
  if (!isDurableError(error)) throw error;
}
