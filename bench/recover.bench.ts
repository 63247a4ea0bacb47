/** Recovery of waiting backups beside the original one: as many backups, over the same SDK and local cloud. */
import { createDeadline } from '../src/core/index.ts';
import { composeLetter, createAuthenticator } from '../src/durable/letter.ts';
import { createGenerationRecovery } from '../src/generation/index.ts';
import { openTools } from '../src/service/index.ts';
import { compareRow, report, timed, type Row } from './harness.ts';
import { recoverFromBackup } from './original/original.ts';
import { account, userIdOf, work } from './people.ts';
import { openStage, type Stage } from './stage.ts';

const ROUND_TRIP_MS = 20;
const ROUNDS = 3;
const USERS = 100;
const SIZES = process.argv.includes('--quick') ? [100] : [100, 1_000];

async function prepareOurs(stage: Stage, backups: number): Promise<void> {
  const authenticator = createAuthenticator(stage.runtime.hash);
  const works = Array.from({ length: backups }, (_, index) => work(index, index % USERS));
  const letters = works.map((record) =>
    composeLetter(authenticator, { collection: 'works', record, attempt: 1, failures: [], atMs: Date.now() }),
  );
  const accounts = Array.from({ length: USERS }, (_, user) => {
    const own = works.filter(({ userId }) => userId === userIdOf(user));
    const holds = own.map(({ _id, token, hash, day }) => [
      _id,
      { st: 'done', price: 1, day, token, attempt: 1, until: Date.now() - 60_000, hash },
    ]);
    return account(user, own.length, Object.fromEntries(holds) as object);
  });
  await stage.load('users', accounts);
  await stage.load('works', []);
  await stage.load('emergency_backup', letters);
}

async function preparePeer(stage: Stage, backups: number): Promise<void> {
  await stage.load('works', []);
  await stage.load(
    'emergency_backup',
    Array.from({ length: backups }, (_, index) => {
      const { _id, ...flat } = work(index, index % USERS);
      return { ...flat, _id: `b${_id}`, backupReason: 'works_collection_save_failed', retryCount: 3 };
    }),
  );
}

async function ours({ runtime }: Stage): Promise<void> {
  const deadline = createDeadline(runtime.clock, runtime.clock.now() + 3_600_000);
  await createGenerationRecovery({ ...runtime, ...openTools(runtime) }).recover({ deadline });
}

async function measured(stage: Stage, backups: number, run: () => Promise<unknown>) {
  await stage.countFrom(ROUND_TRIP_MS);
  const ms = await timed(run);
  const trips = await stage.countFrom(0);
  const { total } = await stage.db.collection('works').where({}).count();
  // What was not brought home would be fast.
  if (total !== backups) throw new Error(`${total} of ${backups} came home`);
  return { ms, trips };
}

async function compared(stage: Stage, backups: number): Promise<Row[]> {
  const own: { ms: number; trips: number }[] = [];
  const peer: { ms: number; trips: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await prepareOurs(stage, backups);
    own.push(await measured(stage, backups, () => ours(stage)));
    await preparePeer(stage, backups);
    peer.push(await measured(stage, backups, () => recoverFromBackup(stage.db)));
  }
  const target = backups >= 1_000 ? '<= 0.1' : '<= 1';
  const of = (key: 'ms' | 'trips') => ({ ours: own.map((run) => run[key]), peer: peer.map((run) => run[key]) });
  return [
    compareRow(`time at ${ROUND_TRIP_MS} ms, ${backups} backups`, 'ms', of('ms'), target),
    compareRow(`round trips, ${backups} backups`, 'requests', of('trips'), '<= 2'),
  ];
}

const stage = await openStage();
try {
  const rows: Row[] = [];
  for (const backups of SIZES) rows.push(...(await compared(stage, backups)));
  report('recover', rows);
} finally {
  await stage.close();
}
