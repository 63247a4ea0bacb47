/** What was there before this library: records without token, hash and attempt, and letters in the older flat form. */
import { canonicalJson } from '../../../src/core/index.ts';
import type { Document, Store } from '../../../src/store/index.ts';
import { createDraws, type Draws } from './draws.ts';
import { simHash } from './sim-hash.ts';
import type { AccountBefore, Answer } from './truth.ts';

/** Older work of people, and what is due to them for it. */
export interface Older {
  readonly accounts: readonly AccountBefore[];
  /** They were told that it is saved; it must stay, or come home. */
  readonly answers: readonly Answer[];
  /** Ids of letters. */
  readonly letters: readonly string[];
}

interface Scene {
  readonly seed: number;
  readonly startMs: number;
  readonly accounts: readonly AccountBefore[];
}

const MOST = 3;
const DAY_MS = 86_400_000;

/** Gives everybody who is registered some records, and letters of which some are home already. */
export async function plantOlder(store: Store, { seed, startMs, accounts }: Scene): Promise<Older> {
  const draws = createDraws(seed, 'older');
  const answers: Answer[] = [];
  const letters: string[] = [];
  const after: AccountBefore[] = [];
  for (const account of accounts) {
    const user = await store.get('users', account.userId);
    const stored = user ? draws.int(MOST + 1) : 0;
    const waiting = user ? draws.int(MOST + 1) : 0;
    for (let number = 0; number < stored + waiting; number += 1) {
      const work = workOf({ draws, userId: account.userId, number, startMs });
      answers.push(toldOf(work, { isStored: number < stored, openid: String(user?.['openid']) }));
      if (number < stored) await store.insert('works', { ...work, _id: work.id });
      // Killed between the two, the original left a letter beside its record.
      if (number >= stored || draws.chance(0.3)) {
        const letter = letterOf(work, number);
        letters.push(letter._id);
        await store.insert('emergency_backup', letter);
      }
    }
    // Counted then, as those of the letters were not.
    if (stored > 0) await store.update('users', { id: account.userId }, { inc: { generateCount: stored } });
    after.push({ ...account, credits: account.credits + account.price * (stored + waiting) });
  }
  return { accounts: after, answers, letters };
}

interface OlderWork extends Omit<Document, '_id'> {
  readonly id: string;
  readonly userId: string;
  readonly prompt: string;
  readonly imageUrl: string;
  readonly createdAt: Date;
}

function workOf(from: {
  readonly draws: Draws;
  readonly userId: string;
  readonly number: number;
  readonly startMs: number;
}): OlderWork {
  const { draws, userId, number, startMs } = from;
  const id = `work_${userId}_${number}`;
  const createdAt = new Date(startMs - DAY_MS * draws.between(2, 30));
  return { id, userId, prompt: `旧猫 ${number}`, imageUrl: `older/${id}.png`, status: 'completed', createdAt };
}

function letterOf(work: OlderWork, number: number): Document {
  const { createdAt } = work;
  const failure = { backupReason: 'works_collection_save_failed', originalError: 'simulated', retryCount: 3 };
  return { ...work, ...failure, _id: `older-${work.userId}-${number}`, timestamp: createdAt };
}

function toldOf(
  { id, userId, prompt, imageUrl, createdAt }: OlderWork,
  { isStored, openid }: { readonly isStored: boolean; readonly openid: string },
): Answer {
  // The id that the picture of a flat letter is given: who, what and when make it.
  const name = simHash.sha256(canonicalJson(['older', userId, prompt, createdAt])).slice(0, 32);
  const savedIn = isStored ? 'works' : 'emergency_backup';
  const said = { kind: 'final', status: 'completed', imageUrl, savedIn, replayed: false } as const;
  const key = isStored ? id : `w_${name}`;
  return { key, openid, wish: prompt, retryUnknown: false, atMs: createdAt.getTime(), said };
}
