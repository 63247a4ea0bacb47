/** The original algorithm, and the same with its shortest mend. */
import {
  countGeneration,
  fixUserConsistency,
  recoverFromBackup,
  saveWork,
  type OriginalWork,
} from '../../../../bench/original/original.ts';
import { sleep } from '../../../../src/core/index.ts';
import { seededRandom } from '../../../support/ports.ts';
import { sdkOver } from '../sdk-over-store.ts';
import type { Ask, Painted, Reach, Stage, System, Told } from '../system.ts';

/** As it was published. */
export const original: System = createOriginal('original', false);
/** With the record's own id as its `_id`, so that an add may be repeated. */
export const originalById: System = createOriginal('original + _id', true);

function createOriginal(name: string, byId: boolean): System {
  return {
    name,
    boot: (reach) => (ask) => generate(reach, ask, byId),
    conclude: repairKindly,
    keyOf: (record) => String(record['id']),
  };
}

async function generate(reach: Reach, ask: Ask, byId: boolean): Promise<Told> {
  const { clock, random } = reach;
  const db = sdkOver(reach.store, random);
  const id = `work_${clock.now()}_${random.token().slice(0, 9)}`;
  const painted = await reach.paint(id);
  await saveWork(db, (ms) => sleep(clock, ms), workOf(ask, painted, { id, nowMs: clock.now() }), byId);
  if (!painted.made) return { kind: 'failed' };
  await countGeneration(db, ask.userId);
  return { kind: 'picture', url: painted.url };
}

/** A record with the original's fields. */
export function workOf(ask: Ask, painted: Painted, { id, nowMs }: { id: string; nowMs: number }): OriginalWork {
  const { userId, openid, prompt } = ask;
  const outcome = painted.made ? { imageUrl: painted.url } : { errorMessage: '图片服务没有生成图片' };
  const status = painted.made ? 'completed' : 'failed';
  return { id, userId, openid, prompt, originalPrompt: prompt, ...outcome, status, createdAt: new Date(nowMs) };
}

/** The kindest setting: no faults, no limit of 100, and nothing else running. */
async function repairKindly({ bare }: Stage): Promise<void> {
  const db = sdkOver(bare, seededRandom(0));
  await recoverFromBackup(db);
  await fixUserConsistency(db);
}
