import { beijingDay, userId } from '../../../src/core/index.ts';
import { simHash } from './sim-hash.ts';
import type { Document, Store } from '../../../src/store/index.ts';
import { createDraws, type Draws } from './draws.ts';
import { INITIAL_CREDITS } from './our-system.ts';
import type { AccountBefore } from './truth.ts';

const DAY_MS = 86_400_000;
const LIMITS = { free: 50, vip: 200 } as const;
const TRIES_FACTOR = 3;

export interface Accounts {
  readonly openids: readonly string[];
  readonly before: readonly AccountBefore[];
}

/** One to four people: some unregistered, some near a limit, some with a wrong counter. */
export async function createAccounts(
  store: Store,
  { seed, startMs, areRich = false }: { readonly seed: number; readonly startMs: number; readonly areRich?: boolean },
): Promise<Accounts> {
  const draws = createDraws(seed, 'accounts');
  const openids = Array.from({ length: 1 + draws.int(4) }, (_, number) => `o-${number + 1}`);
  const before: AccountBefore[] = [];
  for (const openid of openids) before.push(await createAccount(store, { openid, draws, startMs, areRich }));
  return { openids, before };
}

interface Drawn {
  readonly openid: string;
  readonly draws: Draws;
  readonly startMs: number;
  readonly areRich: boolean;
}

async function createAccount(store: Store, { openid, draws, startMs, areRich }: Drawn): Promise<AccountBefore> {
  const type = draws.chance(areRich ? 1 : 0.3) ? 'vip' : 'free';
  const dailyLimit = LIMITS[type];
  const isTampered = draws.chance(0.15);
  const isNearLimit = draws.chance(areRich ? 0 : 0.15);
  const credits = draws.pick([0, 1, 3, 20, 20, 20, 20]);
  if (draws.chance(areRich ? 0 : 0.2)) {
    const limits = { dailyLimit: LIMITS.free, triesLimit: LIMITS.free * TRIES_FACTOR };
    return { userId: userId(simHash, openid), credits: INITIAL_CREDITS, price: 1, ...limits };
  }
  const used = isNearLimit ? usedAround(startMs, dailyLimit - 1 - draws.int(2)) : undefined;
  const document: Document = {
    _id: `u_${openid}`,
    openid,
    credits,
    generateCount: isTampered ? draws.int(9) : 0,
    vipLevel: type === 'vip' ? 1 : 0,
    createdAt: new Date(startMs - DAY_MS),
    ...(used ? { quota: { used } } : {}),
  };
  await store.insert('users', document);
  const limits = { dailyLimit, triesLimit: dailyLimit * TRIES_FACTOR };
  const facts = { userId: document._id, credits, price: type === 'vip' ? 0 : 1, ...limits };
  return { ...facts, ...(used ? { used } : {}), ...(isTampered ? { isTampered } : {}) };
}

function usedAround(startMs: number, count: number): Readonly<Record<string, number>> {
  return Object.fromEntries([startMs, startMs + DAY_MS].map((atMs) => [`d${beijingDay(atMs)}`, count]));
}
