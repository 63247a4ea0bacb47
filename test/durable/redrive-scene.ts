import type { Seal } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { composeLetter, createAuthenticator } from '../../src/durable/letter.ts';
import type { Document } from '../../src/store/index.ts';
import { testHash } from '../support/ports.ts';
import { createBench, KEY, WORK } from './bench.ts';

export const work = (number: number): Document => ({ ...WORK, _id: `w_${String(number).padStart(4, '0')}`, n: number });

/** The letter of a record as the writer leaves it. */
export function letterOf(record: Document, seal: Seal | undefined = createSeal(KEY)): Document {
  const failures = [{ attempt: 1, code: 'STORE_UNAVAILABLE', message: 'down', latencyMs: 1 }] as const;
  const letter = composeLetter(createAuthenticator(testHash, seal), {
    collection: 'works',
    record,
    attempt: 1,
    failures,
    atMs: 0,
  });
  return { ...letter };
}

/** The older flat form, as the algorithm before this library wrote it. */
export const FLAT: Document = {
  _id: '65a1b2c3',
  ...{ id: 'work_1700000000000', userId: 'u1', prompt: '小狗', status: 'completed', createdAt: new Date(9) },
  ...{ backupReason: 'works_collection_save_failed', originalError: 'timeout', retryCount: 3, timestamp: new Date(10) },
};

export async function createScene(letters: readonly Document[], given: Parameters<typeof createBench>[0] = {}) {
  const bench = createBench(given);
  for (const letter of letters) await bench.memory.insert('emergency_backup', letter);
  const states = () => bench.memory.dump('emergency_backup').map(({ _id, state }) => `${_id} ${String(state)}`);
  return { ...bench, states };
}
