/** The original algorithm, and the same with its shortest mend. */
import {
  countGeneration,
  fixUserConsistency,
  recoverFromBackup,
  saveWork,
  type OriginalWork,
} from '../../../../bench/original/original.ts';
import { sleep, type Deadline } from '../../../../src/core/index.ts';
import type { CallRequest, InstancePorts, Told } from '../../histories/system.ts';
import type { Contender } from '../contender.ts';
import { sdkOver } from '../sdk-over-store.ts';

/** As it was published. */
export const original: Contender = createOriginal('original', false);
/** With the record's own id as its `_id`, so that an add may be repeated. */
export const originalById: Contender = createOriginal('original + _id', true);

function createOriginal(name: string, byId: boolean): Contender {
  return {
    name,
    keyOf: (work) => String(work['id']),
    isTreatedKindly: true,
    boot(ports) {
      const db = sdkOver(ports.store, ports.random);
      return {
        call: (request, deadline) => generate(ports, request, { deadline, byId }),
        recover: async () => void (await recoverFromBackup(db)),
        repair: () => fixUserConsistency(db),
      };
    },
  };
}

async function generate(
  ports: InstancePorts,
  request: CallRequest,
  { deadline, byId }: { readonly deadline: Deadline; readonly byId: boolean },
): Promise<Told> {
  const { clock, random, store } = ports;
  const db = sdkOver(store, random);
  const id = `work_${clock.now()}_${random.token().slice(0, 9)}`;
  const work = await workOf(ports, request, { id, deadline });
  await saveWork(db, (ms) => sleep(clock, ms), work, byId);
  if (work.status === 'completed') await countGeneration(db, work.userId);
  return toldOf(work);
}

/** Has the picture made, and puts it into a record with the original's fields. */
export async function workOf(
  { clock, provider }: InstancePorts,
  { openid, wish }: CallRequest,
  { id, deadline }: { readonly id: string; readonly deadline: Deadline },
): Promise<OriginalWork> {
  const result = await provider.submit({ prompt: wish, reference: `${id}_1`, deadline });
  const isMade = result.status === 'completed' && 'url' in result.picture;
  const outcome = isMade ? { imageUrl: result.picture.url } : { imageUrl: '', errorMessage: '图片服务没有生成图片' };
  const status = isMade ? 'completed' : 'failed';
  const createdAt = new Date(clock.now());
  return { id, userId: openid, openid, prompt: wish, originalPrompt: wish, ...outcome, status, createdAt };
}

/** What its person is told: it is saved, whatever became of the record. */
export function toldOf({ status, imageUrl }: OriginalWork): Told {
  return { kind: 'final', status, imageUrl: String(imageUrl), savedIn: 'works', replayed: false };
}
