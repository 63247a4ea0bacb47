/**
 * The pattern of Powertools for AWS Lambda: a record of the request with `INPROGRESS` and its expiry before the handler
 * runs, `COMPLETED` with the answer after it, removed where the handler throws. Its client repeats a statement twice, as
 * the AWS SDK does. The handler is the mended original without a backup.
 */
import { countGeneration, fixUserConsistency, type Database } from '../../../../bench/original/original.ts';
import { DurableError, isDurableError, sleep, type Plain } from '../../../../src/core/index.ts';
import type { Document } from '../../../../src/store/index.ts';
import { seededRandom } from '../../../support/ports.ts';
import { sdkOver } from '../sdk-over-store.ts';
import type { Ask, Reach, System, Told } from '../system.ts';
import { workOf } from './original.ts';

const COLLECTION = 'idempotency';
const MAX_ATTEMPTS = 3;
const BASE_DELAY_MS = 100;

/** An idempotency record around the whole handler. */
export const idempotencyRecord: System = {
  name: 'idempotency record',
  boot: (reach) => (ask) => call(reach, ask),
  async conclude({ bare }) {
    await fixUserConsistency(sdkOver(bare, seededRandom(0)));
  },
  keyOf: (record) => String(record['id']),
};

async function call(reach: Reach, ask: Ask): Promise<Told> {
  const id = `${ask.userId}#${ask.requestId}`;
  let earlier: Told | undefined;
  try {
    earlier = await begin(reach, id);
  } catch (error) {
    if (isDurableError(error)) return { kind: 'refused' };
    throw error;
  }
  if (earlier) return earlier;
  let told: Told;
  try {
    told = await handle(reach, ask, id);
  } catch {
    await repeated(reach, () => reach.store.remove(COLLECTION, { id })).catch(() => undefined);
    return { kind: 'error' };
  }
  // The answer could not be kept: the caller is told of an error, though everything else was done.
  const completed = { set: { status: 'COMPLETED', told: told as unknown as Plain } };
  return repeated(reach, () => reach.store.update(COLLECTION, { id }, completed)).then(
    () => told,
    () => ({ kind: 'error' }),
  );
}

async function begin(reach: Reach, id: string): Promise<Told | undefined> {
  const { clock, store, functionTimeoutMs } = reach;
  const until = clock.now() + functionTimeoutMs;
  const fresh: Document = { _id: id, status: 'INPROGRESS', until };
  if ((await repeated(reach, () => store.insert(COLLECTION, fresh))) === 'inserted') return undefined;
  const seen = await repeated(reach, () => store.get(COLLECTION, id));
  if (seen?.['status'] === 'COMPLETED') return seen['told'] as Told;
  const seenUntil = Number(seen?.['until'] ?? 0);
  if (!seen || seenUntil > clock.now()) return { kind: 'in-progress' };
  const target = { id, where: { status: 'INPROGRESS', until: seenUntil } };
  const taken = await repeated(reach, () => store.update(COLLECTION, target, { set: { until } }));
  return taken === 1 ? undefined : { kind: 'in-progress' };
}

async function handle(reach: Reach, ask: Ask, id: string): Promise<Told> {
  const db = sdkOver(reach.store, reach.random);
  const painted = await reach.paint(id);
  const work = workOf(ask, painted, { id, nowMs: reach.clock.now() });
  await repeated(reach, () => addOnce(db, { ...work, _id: id }));
  if (!painted.made) return { kind: 'failed' };
  await countGeneration(db, ask.userId);
  return { kind: 'picture', url: painted.url };
}

async function addOnce(db: Database, data: object): Promise<void> {
  try {
    await db.collection('works').add({ data });
  } catch (error) {
    if (!String(error).includes('E11000')) throw error;
  }
}

async function repeated<T>({ clock, random }: Reach, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !(error instanceof DurableError)) throw error;
      await sleep(clock, BASE_DELAY_MS * 2 ** (attempt - 1) * random.next());
    }
  }
}
