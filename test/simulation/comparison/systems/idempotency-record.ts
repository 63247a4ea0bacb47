/**
 * The pattern of Powertools for AWS Lambda: a record of the request with `INPROGRESS` and its expiry before the handler
 * runs, `COMPLETED` with the answer after it, removed where the handler throws. Its client repeats a statement twice, as
 * the AWS SDK does. The handler is the mended original without a backup.
 */
import { countGeneration, fixUserConsistency, type Database } from '../../../../bench/original/original.ts';
import { DurableError, isDurableError, sleep, type Deadline, type Plain } from '../../../../src/core/index.ts';
import type { Document } from '../../../../src/store/index.ts';
import type { CallRequest, InstancePorts, Told } from '../../histories/system.ts';
import type { Contender } from '../contender.ts';
import { sdkOver } from '../sdk-over-store.ts';
import { toldOf, workOf } from './original.ts';

const COLLECTION = 'idempotency';
const MAX_ATTEMPTS = 3;
const BASE_DELAY_MS = 100;

/** An idempotency record around the whole handler. */
export const idempotencyRecord: Contender = {
  name: 'idempotency record',
  keyOf: (work) => String(work['id']),
  isTreatedKindly: true,
  boot: (ports) => ({
    call: (request, deadline) =>
      call(ports, request, deadline).catch((error: unknown): Told => {
        if (isDurableError(error)) return { kind: 'error', code: error.code };
        throw error;
      }),
    repair: () => fixUserConsistency(sdkOver(ports.store, ports.random)),
  }),
};

async function call(ports: InstancePorts, request: CallRequest, deadline: Deadline): Promise<Told> {
  const { store } = ports;
  const id = `${request.openid}#${request.requestId}`;
  const earlier = await begin(ports, id, deadline);
  if (earlier) return earlier;
  const told = await handle(ports, request, { id, deadline }).catch(async (error: unknown) => {
    await repeated(ports, () => store.remove(COLLECTION, { id })).catch(() => undefined);
    throw error;
  });
  // Where the answer cannot be kept, the caller is told of an error, though everything else was done.
  const completed = { set: { status: 'COMPLETED', told: told as unknown as Plain } };
  await repeated(ports, () => store.update(COLLECTION, { id }, completed));
  return told;
}

async function begin(ports: InstancePorts, id: string, deadline: Deadline): Promise<Told | undefined> {
  const { clock, store } = ports;
  const fresh: Document = { _id: id, status: 'INPROGRESS', until: deadline.atMs };
  if ((await repeated(ports, () => store.insert(COLLECTION, fresh))) === 'inserted') return undefined;
  const seen = await repeated(ports, () => store.get(COLLECTION, id));
  if (seen?.['status'] === 'COMPLETED') return { ...(seen['told'] as Told), replayed: true } as Told;
  const until = Number(seen?.['until'] ?? 0);
  if (!seen || until > clock.now()) return { kind: 'error', code: 'ONCE_IN_PROGRESS' };
  const target = { id, where: { status: 'INPROGRESS', until } };
  const taken = await repeated(ports, () => store.update(COLLECTION, target, { set: { until: deadline.atMs } }));
  return taken === 1 ? undefined : { kind: 'error', code: 'ONCE_IN_PROGRESS' };
}

async function handle(
  ports: InstancePorts,
  request: CallRequest,
  named: { readonly id: string; readonly deadline: Deadline },
): Promise<Told> {
  const db = sdkOver(ports.store, ports.random);
  const work = await workOf(ports, request, named);
  await repeated(ports, () => addOnce(db, { ...work, _id: named.id }));
  if (work.status === 'completed') await countGeneration(db, work.userId);
  return toldOf(work);
}

async function addOnce(db: Database, data: object): Promise<void> {
  try {
    await db.collection('works').add({ data });
  } catch (error) {
    if (!String(error).includes('E11000')) throw error;
  }
}

async function repeated<T>({ clock, random }: InstancePorts, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !(error instanceof DurableError)) throw error;
      await sleep(clock, BASE_DELAY_MS * 2 ** (attempt - 1) * random.next());
    }
  }
}
