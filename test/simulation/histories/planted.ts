/** Letters that no function wrote: poison, forgeries and rubbish in the dead-letter collection. */
import { canonicalJson, recordId, sleep, type Seal } from '../../../src/core/index.ts';
import { simHash } from './sim-hash.ts';
import type { Document, Store } from '../../../src/store/index.ts';
import { createDraws, type Draws } from './draws.ts';
import type { Conditions } from './line.ts';

interface Planting {
  readonly seed: number;
  readonly calls: number;
  readonly seal: Seal | undefined;
  readonly openids: readonly string[];
}

const KINDS = ['rubbish', 'poison', 'client', 'damaged', 'foreign'] as const;

/** Puts some into the collection, in a quarter of the worlds; answers their ids. */
export async function plantLetters(store: Store, planting: Planting): Promise<readonly string[]> {
  const { seed, calls, openids } = planting;
  const draws = createDraws(seed, 'planted');
  if (!draws.chance(0.25)) return [];
  const planted: string[] = [];
  for (let number = draws.int(3); number >= 0; number -= 1) {
    // Some under the very name that a real letter will want.
    const key = recordId(simHash, draws.pick(openids), `r${draws.int(calls * 2)}`);
    const letter = letterOf(planting, draws, { key, number });
    if ((await store.insert('emergency_backup', letter)) === 'inserted') planted.push(letter._id);
  }
  return planted;
}

/** Somebody who may read and write the collection, and has no key. */
export interface Forger {
  /** Ids of the forgeries so far. */
  readonly planted: readonly string[];
  live(spanMs: number): Promise<void>;
}

/** Codes that prove nothing: one of another content, and one under another key. */
const WRONG_CODES = [`sha256:${'0'.repeat(64)}`, `hmac:${'0'.repeat(64)}`];

/** Copies letters that wait, token and all, with another picture in them; now and then in the worlds that have forgeries. */
export function createForger(store: Store, { seed, clock, profile, chronicle }: Conditions): Forger {
  const draws = createDraws(seed, 'forger');
  const planted: string[] = [];
  const forge = async (number: number): Promise<void> => {
    const where = { state: 'waiting', status: 'completed' };
    const waiting = (await store.page('emergency_backup', { where, limit: 100 })).items;
    const real = waiting.filter(({ _id }) => !planted.includes(_id));
    if (real.length === 0) return;
    const letter = draws.pick(real);
    // Before all others, or beside the one that it was made from.
    const _id = draws.pick([`forged-${number}`, `${letter._id}_0${number}`]);
    const payload = { ...(letter['payload'] as Document), imageUrl: 'forged', asset: null };
    // Noted before it is there: nobody is to take it for a real one.
    planted.push(_id);
    await store.insert('emergency_backup', { ...letter, _id, payload, mac: draws.pick(WRONG_CODES) });
    chronicle.see('letter: forged');
  };
  return {
    planted,
    async live(spanMs) {
      const moments = Array.from({ length: profile.forgeries ?? 0 }, () => draws.next() * spanMs);
      await Promise.all(moments.map((atMs, number) => sleep(clock, atMs).then(() => forge(number))));
    },
  };
}

function letterOf(
  { seal }: Planting,
  draws: Draws,
  { key, number }: { readonly key: string; readonly number: number },
): Document {
  const kind = draws.pick(KINDS);
  const payload = {
    _id: key,
    userId: 'u_nobody',
    status: 'completed',
    token: 'forged',
    attempt: 1,
    imageUrl: 'forged',
  };
  const signed = canonicalJson({ collection: 'works', attempt: 1, payload });
  const mac = `sha256:${simHash.sha256(signed)}`;
  const letter = { _id: `${key}_1`, recordId: key, collection: 'works', attempt: 1, state: 'waiting', payload, mac };
  switch (kind) {
    case 'rubbish':
      return { _id: `rubbish-${number}`, state: 'waiting', payload: 'what?', recordId: 7 };
    case 'poison':
      return { ...letter, _id: `poison-${number}`, payload: { ...payload, _id: 7, createdAt: 'x' }, mac: 'sha256:00' };
    case 'client':
      return { ...letter, _openid: 'o-1' };
    case 'damaged':
      return { ...letter, mac: 'sha256:0000' };
    case 'foreign':
      // Without a key of its own a deployment takes any letter whose digest is right: nothing is to be forged then.
      return { ...letter, mac: seal ? mac : `hmac:${'0'.repeat(64)}` };
  }
}
