/** How often a robot may be used, by all instances together: one document per robot in `durable_alerts`. */
import { sleep, type Clock, type Deadline } from '../core/index.ts';
import { collections } from '../records/index.ts';
import { is, type CallOptions, type Store } from '../store/index.ts';

export interface SlotDeps {
  readonly store?: Store | undefined;
  readonly clock: Clock;
}

/** A robot, as its limit is kept. */
export interface SlotOf {
  /** A digest of the robot's address; the address itself is a secret. */
  readonly id: string;
  /** Between two messages, so that any minute holds fewer than the robot allows. */
  readonly spacingMs: number;
}

export interface Slots {
  /** Whether a message may be sent now; waits up to 10 s for its turn if the deadline allows. Never rejects. */
  take(robot: SlotOf, deadline: Deadline): Promise<boolean>;
  /** The robot itself said "too many": nobody uses it for ten minutes, which is DingTalk's penalty. */
  rest(robot: SlotOf, deadline: Deadline): Promise<void>;
}

const STORE_MS = 1_500;
const REST_MS = 600_000;
const MAX_WAIT_MS = 10_000;
/** A post that is started needs this long to have a chance. */
const POST_MS = 1_000;
const MAX_ROUNDS = 4;

/**
 * Slots by one conditional update: `freeAtMs` moves on only where it has passed. A spacing keeps the limit in every
 * minute, where a counter per clock minute would let twice as many through at the turn of one. Where the store does
 * not answer, this instance's own memory keeps the spacing.
 */
export function createSlots({ store, clock }: SlotDeps): Slots {
  const own = new Map<string, number>();
  const tryOnce = (robot: SlotOf, deadline: Deadline): Promise<number> =>
    store ? tryStored(store, robot, { nowMs: clock.now(), deadline }) : Promise.resolve(0);
  return {
    async take(robot, deadline) {
      for (let round = 1; round <= MAX_ROUNDS; round += 1) {
        const ownMs = (own.get(robot.id) ?? 0) - clock.now();
        const waitMs = ownMs > 0 ? ownMs : await tryOnce(robot, deadline).catch(() => 0);
        if (waitMs <= 0) {
          own.set(robot.id, clock.now() + robot.spacingMs);
          return true;
        }
        if (waitMs > Math.min(MAX_WAIT_MS, deadline.remainingMs() - POST_MS)) return false;
        await sleep(clock, waitMs);
      }
      return false;
    },
    async rest(robot, deadline) {
      const freeAtMs = clock.now() + REST_MS;
      own.set(robot.id, freeAtMs);
      const call = { deadline, timeoutMs: STORE_MS };
      await store?.update(collections.alerts, { id: idOf(robot) }, { set: { freeAtMs } }, call).catch(() => 0);
    },
  };
}

const idOf = ({ id }: SlotOf): string => `robot_${id}`;

/** 0 when the slot is taken, else how long to wait. */
async function tryStored(
  store: Store,
  robot: SlotOf,
  { nowMs, deadline }: { readonly nowMs: number; readonly deadline: Deadline },
): Promise<number> {
  const id = idOf(robot);
  const call: CallOptions = { deadline, timeoutMs: STORE_MS };
  const freeAtMs = nowMs + robot.spacingMs;
  const move = (where: Record<string, ReturnType<typeof is.atMost> | number>): Promise<number> =>
    store.update(collections.alerts, { id, where }, { set: { freeAtMs } }, call);
  if ((await move({ freeAtMs: is.atMost(nowMs) })) === 1) return 0;
  const stored = (await store.get(collections.alerts, id, call))?.['freeAtMs'];
  if (typeof stored !== 'number') {
    const document = { _id: id, freeAtMs };
    return (await store.insert(collections.alerts, document, call)) === 'inserted' ? 0 : robot.spacingMs;
  }
  // A clock that runs ahead must not silence a robot for ever.
  if (stored > nowMs + 2 * REST_MS && (await move({ freeAtMs: stored })) === 1) return 0;
  return Math.max(stored - nowMs, 1);
}
