/** What an outage of `works` costs the people who call in it: a minute, twenty records a second, in virtual time. */
import { createDeadline, sleep } from '../src/core/index.ts';
import { createDurableWriter } from '../src/durable/index.ts';
import { createMemoryStore } from '../src/store/memory/index.ts';
import { HEADLINE, withoutFaults, type Assumptions } from '../test/simulation/comparison/assumptions.ts';
import { createExecution, storeOf } from '../test/simulation/comparison/instance.ts';
import type { Outages } from '../test/simulation/histories/outages.ts';
import { sdkOver } from '../test/simulation/comparison/sdk-over-store.ts';
import { boundedStore } from '../test/simulation/comparison/systems/ours.ts';
import { seededRandom, testHash } from '../test/support/ports.ts';
import { createTestClock, type TestClock } from '../test/support/test-clock.ts';
import type { Store } from '../src/store/index.ts';
import { besideRow, report, type Row } from './harness.ts';
import { saveWork } from './original/original.ts';
import { createRetryPeers, type Saved } from './peers.ts';
import { onVirtualTime } from './virtual-timers.ts';

const OUTAGE_MS = 60_000;
const CALLS_PER_SECOND = 20;
const ERROR_AFTER_MS = 60;
const TRIP_MS = 40;
/** Before the outage, so that whatever learns has seen success. */
const HEALTHY_MS = 5_000;
const ROUNDS = process.argv.includes('--quick') ? 2 : 7;

type Save = (record: Saved) => Promise<unknown>;
type Ports = { readonly clock: TestClock; readonly store: Store; readonly seed: number };

/** Each keeps what `works` does not take in the emergency backup. */
const WAYS: Readonly<Record<string, (ports: Ports) => Save>> = {
  ours({ clock, store, seed }) {
    const log = { write: () => undefined };
    const ports = { store: boundedStore({ store, clock }), clock };
    const writer = createDurableWriter({ ...ports, random: seededRandom(seed), hash: testHash, log });
    return (record) => {
      const deadline = createDeadline(clock, clock.now() + HEADLINE.functionTimeoutMs);
      return writer.write({ collection: 'works', record, deadline });
    };
  },
  original: ({ clock, store, seed }) => {
    const db = sdkOver(store, seededRandom(seed));
    return ({ _id: id, ...fields }) => saveWork(db, (ms) => sleep(clock, ms), { ...fields, id } as never);
  },
  'p-retry': ({ store }) => orBackUp(store, createRetryPeers((record) => store.insert('works', record)).pRetry),
  'cockatiel with breaker': ({ store }) =>
    orBackUp(store, createRetryPeers((record) => store.insert('works', record)).cockatiel),
};

function orBackUp(store: Store, save: Save): Save {
  return (record) => save(record).catch(() => store.insert('emergency_backup', record));
}

interface Cost {
  readonly addedWaitMs: number;
  readonly doomedPerCall: number;
}

/** How an outage shows: an error after a moment, or silence until the SDK gives up; and who serves the calls. */
interface Outage {
  readonly loss: Assumptions['loss'];
  /** One process serves everybody; else, as in a cloud function, an instance serves one at a time. */
  readonly shared: boolean;
}

async function cost(way: (ports: Ports) => Save, { loss, shared }: Outage, seed: number): Promise<Cost> {
  const clock = createTestClock();
  const fromMs = clock.now() + HEALTHY_MS;
  const isDown = (atMs: number, place: string): boolean =>
    place === 'works' && atMs >= fromMs && atMs < fromMs + OUTAGE_MS;
  const outages: Outages = { windows: [], at: (atMs, place) => (isDown(atMs, place) ? 'reset' : undefined) };
  const assumptions = {
    ...withoutFaults(HEADLINE),
    loss,
    resetMs: ERROR_AFTER_MS,
    tripMedianMs: TRIP_MS,
    tripSigma: 0,
  };
  const world = { clock, seed, assumptions, outages };
  const memory = createMemoryStore(['works', 'emergency_backup']);
  const execution = createExecution('outage');
  const store = storeOf(world, { isDead: false, execution }, memory);
  const idle: Save[] = [];
  const waits: number[] = [];
  const call = async (n: number): Promise<void> => {
    await sleep(clock, (n * 1_000) / CALLS_PER_SECOND);
    const save = (shared ? idle[0] : idle.pop()) ?? way({ clock, store, seed: seed * 1_000_003 + n });
    if (shared && idle.length === 0) idle.push(save);
    const startedAtMs = clock.now();
    await save({ _id: `r${n}`, userId: 'u', prompt: '灯塔', status: 'completed' });
    if (isDown(startedAtMs, 'works')) waits.push(clock.now() - startedAtMs);
    if (!shared) idle.push(save);
  };
  const calls = ((HEALTHY_MS + OUTAGE_MS) / 1_000) * CALLS_PER_SECOND;
  await onVirtualTime(clock, () => clock.until(Promise.all(Array.from({ length: calls }, (_, n) => call(n)))));
  const kept = memory.dump('works').length + memory.dump('emergency_backup').length;
  // What lost records would be fast.
  if (kept !== calls) throw new Error(`${kept} of ${calls} records were kept`);
  const meanMs = waits.reduce((sum, ms) => sum + ms, 0) / waits.length;
  return { addedWaitMs: meanMs - TRIP_MS, doomedPerCall: execution.faults / waits.length };
}

const OUTAGES: Readonly<Record<string, Outage>> = {
  'one process': { loss: 'reset', shared: true },
  'an instance a call': { loss: 'reset', shared: false },
  'one process, which hears nothing for 15 s': { loss: 'hang', shared: true },
  'an instance a call, which hears nothing for 15 s': { loss: 'hang', shared: false },
};

const rows: Row[] = [];
for (const [where, outage] of Object.entries(OUTAGES)) {
  const costs = new Map<string, Cost[]>();
  for (let seed = 1; seed <= ROUNDS; seed += 1) {
    for (const [name, way] of Object.entries(WAYS)) {
      costs.set(name, [...(costs.get(name) ?? []), await cost(way, outage, seed)]);
    }
  }
  const figures = (name: string, of: keyof Cost) => (costs.get(name) ?? []).map((one) => one[of]);
  for (const peer of Object.keys(WAYS).filter((name) => name !== 'ours')) {
    const pair = (of: keyof Cost) => ({ ours: figures('ours', of), peer: figures(peer, of) });
    rows.push(besideRow(`added wait per call, ${where}; ${peer}`, 'ms', pair('addedWaitMs'), '<= 100'));
    rows.push(besideRow(`doomed requests per call, ${where}; ${peer}`, 'requests', pair('doomedPerCall'), '<= 0.1'));
  }
}
report('outage', rows);
