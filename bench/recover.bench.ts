/** Recovery beside the original one: as many backups, of closed calls and of open ones, over the same SDK and local cloud. */
import { createDeadline } from '../src/core/index.ts';
import { composeLetter, createAuthenticator } from '../src/durable/letter.ts';
import { createGenerationRecovery } from '../src/generation/index.ts';
import { openTools } from '../src/service/index.ts';
import { compareRow, report, timed, type Row } from './harness.ts';
import { recoverFromBackup } from './original/original.ts';
import { account, userIdOf, work } from './people.ts';
import { openStage, type Stage } from './stage.ts';

const ROUND_TRIP_MS = 20;
const USERS = 100;
/** Backups, and how often: the original takes a minute for a thousand. */
const SIZES = process.argv.includes('--quick')
  ? [{ backups: 40, rounds: 2 }]
  : [
      { backups: 100, rounds: 3 },
      { backups: 1_000, rounds: 1 },
    ];

/** How the calls of the backups were left; the original knows backups alone. */
type Left = 'closed' | 'open';

async function prepareOurs(stage: Stage, backups: number, left: Left): Promise<void> {
  const authenticator = createAuthenticator(stage.runtime.hash);
  const works = Array.from({ length: backups }, (_, index) => work(index, index % USERS));
  const letters = works.map((record) =>
    composeLetter(authenticator, { collection: 'works', record, attempt: 1, failures: [], atMs: Date.now() }),
  );
  const accounts = Array.from({ length: USERS }, (_, user) => {
    const own = works.filter(({ userId }) => userId === userIdOf(user));
    const holds = own.map(({ _id, token, hash, day }) => [
      _id,
      { st: left === 'open' ? 'open' : 'done', price: 1, day, token, attempt: 1, until: Date.now() - 60_000, hash },
    ]);
    const open = left === 'open' ? own.length : 0;
    return account(user, own.length - open, Object.fromEntries(holds) as object, open);
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

interface Run {
  readonly ms: number;
  readonly trips: number;
}

async function measured(stage: Stage, backups: number, run: () => Promise<unknown>): Promise<Run> {
  await stage.countFrom(ROUND_TRIP_MS);
  const ms = await timed(run);
  const trips = await stage.countFrom(0);
  const { total } = await stage.db.collection('works').where({}).count();
  // What was not brought home would be fast.
  if (total !== backups) throw new Error(`${total} of ${backups} came home`);
  return { ms, trips };
}

async function compared(stage: Stage, { backups, rounds }: (typeof SIZES)[number]): Promise<Row[]> {
  const own: Record<Left, Run[]> = { closed: [], open: [] };
  const peer: Run[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const left of ['closed', 'open'] as const) {
      await prepareOurs(stage, backups, left);
      own[left].push(await measured(stage, backups, () => ours(stage)));
      if (left === 'open') await assertClosed(stage);
    }
    await preparePeer(stage, backups);
    peer.push(await measured(stage, backups, () => recoverFromBackup(stage.db)));
  }
  const target = backups >= 1_000 ? '<= 0.1' : '<= 1';
  return (['closed', 'open'] as const).flatMap((left) => {
    const of = (key: keyof Run) => ({ ours: own[left].map((run) => run[key]), peer: peer.map((run) => run[key]) });
    const what = `${backups} backups of ${left} calls`;
    return [
      compareRow(`time at ${ROUND_TRIP_MS} ms, ${what}`, 'ms', of('ms'), target),
      compareRow(`round trips, ${what}`, 'requests', of('trips'), '<= 2'),
    ];
  });
}

// Brought home and left open would be half the work.
async function assertClosed({ db }: Stage): Promise<void> {
  const { total } = await db.collection('users').where({ 'quota.open': 0 }).count();
  if (total !== USERS) throw new Error(`${USERS - total} accounts have calls that are still open`);
}

const stage = await openStage();
try {
  const rows: Row[] = [];
  for (const size of SIZES) rows.push(...(await compared(stage, size)));
  report('recover', rows);
} finally {
  await stage.close();
}
