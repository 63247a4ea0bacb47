/** Costly calls of a plain kind over a cloud's own store and files, at any time: each in an instance of its own. */
import { createDeadline, type Clock } from '../../src/core/index.ts';
import { createSeal, nodeClock, nodeHash, nodeRandom } from '../../src/core/node/index.ts';
import { createDurableWriter, type DurableWriter } from '../../src/durable/index.ts';
import {
  createHoldPruning,
  createOnce,
  createPlainKind,
  createRecovery,
  type Kind,
  type OnceAnswer,
  type OnceRequest,
  type PayContext,
  type Payment,
} from '../../src/once/index.ts';
import type { Blobs, Document, Store } from '../../src/store/index.ts';
import { openSdkCloud, type SdkCloud } from '../store/sdk-cloud.ts';
import { memoryLog } from './ports.ts';

export const LEASE_MS = 120_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export interface Keys {
  readonly key?: string;
  readonly previousKeys?: readonly string[];
}

export interface Ask extends Keys {
  readonly retryUnknown?: boolean;
  readonly pay?: (context: PayContext) => Promise<Payment>;
  readonly again?: OnceRequest['again'];
}

export type CostlyCalls = ReturnType<typeof createCostlyCalls>;

const PAID: Payment = { status: 'completed', fields: { picture: 'cloud://picture' } };

interface Ports {
  readonly store: Store;
  readonly blobs: Blobs;
  /** @default the machine's own */
  readonly time?: Clock;
  /** What a provider says of a task. Absent: it takes none. */
  readonly ask?: Kind['ask'];
}

/** Calls that cost an account in `users` one credit and leave a record in `works`. */
export function createCostlyCalls({ store, blobs, time = nodeClock, ask: asked }: Ports) {
  let shiftMs = 0;
  const clock: Clock = { ...time, now: () => time.now() + shiftMs };
  const log = memoryLog();
  const plain = createPlainKind({ records: 'works', accounts: 'users' });
  const kind: Kind = asked ? { ...plain, ask: asked } : plain;
  let paid = 0;
  const boot = ({ key, previousKeys = [] }: Keys = {}) => {
    const ports = { clock, log, store, blobs, random: nodeRandom, hash: nodeHash };
    const seals = {
      seal: key === undefined ? undefined : createSeal(key),
      previousSeals: previousKeys.map(createSeal),
    };
    const writer: DurableWriter = createDurableWriter({ ...ports, ...seals }, { baseDelayMs: 5 });
    return { ...ports, writer };
  };
  const deadline = (limitMs = 60_000) => createDeadline(clock, clock.now() + limitMs);
  const call = (accountId: string, id: string, ask: Ask = {}): Promise<OnceAnswer> =>
    createOnce(boot(ask), kind).call(
      {
        ...{ id, hash: id, draft: { prompt: id }, retryUnknown: ask.retryUnknown ?? false },
        account: async (options) => (await store.get('users', accountId, options)) ?? { _id: accountId },
        terms: () => ({
          eligible: {},
          terms: { price: 0, day: '20261122', take: [['credits', -1]], done: [['generateCount', 1]] },
        }),
        ...(ask.again ? { again: ask.again } : {}),
        refusal: () => new Error('refused') as never,
        pay: async (context) => {
          paid += 1;
          return ask.pay ? ask.pay(context) : PAID;
        },
      },
      deadline(),
    );
  return {
    clock,
    log,
    call,
    paid: (): number => paid,
    forward: (ms: number) => void (shiftMs += ms),
    open: async (accountId: string): Promise<void> => {
      await store.insert('users', { _id: accountId, credits: 5, generateCount: 0 });
    },
    recover: (keys?: Keys, also?: readonly string[], limitMs?: number) =>
      createRecovery(boot(keys), kind).recover({ deadline: deadline(limitMs), also }),
    prune: () => createHoldPruning(boot(), kind).prune({ deadline: deadline() }),
    user: async (accountId: string): Promise<User> => (await store.get('users', accountId)) as unknown as User,
    work: (id: string): Promise<Document | undefined> => store.get('works', id),
  };
}

interface User {
  readonly credits: number;
  readonly generateCount: number;
  readonly quota: {
    readonly open: number;
    readonly seq: number;
    readonly prunedTo?: number;
    readonly used?: Readonly<Record<string, number>>;
    readonly tries?: Readonly<Record<string, number>>;
    readonly holds: Readonly<Record<string, { readonly st: string; readonly token: string; readonly until: number }>>;
  };
}

/** The same over the real SDK and a local cloud of its own; close the cloud at the end. */
export async function openCostlyCalls(): Promise<{ cloud: SdkCloud; calls: CostlyCalls }> {
  const cloud = await openSdkCloud();
  for (const name of ['users', 'works', 'emergency_backup']) await cloud.store.createCollection(name);
  return { cloud, calls: createCostlyCalls(cloud) };
}
