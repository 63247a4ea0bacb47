/** The whole check beside the original one: the same documents, over the same SDK and the same local cloud. */
import { createDeadline } from '../src/core/index.ts';
import { createIntegrityCheck } from '../src/service/index.ts';
import { compareRow, figureRow, report, timed, type Row } from './harness.ts';
import { checkDataIntegrity } from './original/original.ts';
import { account, userIdOf, work, workIdOf } from './people.ts';
import { openStage, type Stage } from './stage.ts';

const ROUND_TRIP_MS = 20;
/** Works, users, and how often: the original takes minutes where there are many users. */
const SIZES = process.argv.includes('--quick')
  ? [{ works: 1_000, users: 50, rounds: 2 }]
  : [
      { works: 1_000, users: 1_000, rounds: 3 },
      { works: 10_000, users: 10_000, rounds: 1 },
      { works: 100_000, users: 10_000, rounds: 1 },
    ];

interface Run {
  readonly ms: number;
  readonly trips: number;
}

async function measured(stage: Stage, run: () => Promise<unknown>): Promise<Run> {
  await stage.countFrom(ROUND_TRIP_MS);
  const ms = await timed(run);
  return { ms, trips: await stage.countFrom(0) };
}

async function ours({ runtime }: Stage, works: number): Promise<void> {
  const check = createIntegrityCheck(runtime, { sections: ['works', 'backup', 'users', 'indicators'] });
  const deadline = createDeadline(runtime.clock, runtime.clock.now() + 3_600_000);
  const { state, finished } = await check.advance(undefined, deadline);
  const figures = check.report(state).sections.map((section) => section.figures);
  // A check that did not look at everything would be fast.
  if (!finished || figures[0]?.['total'] !== works) throw new Error(JSON.stringify(check.report(state).sections));
}

async function original({ db }: Stage, works: number): Promise<void> {
  const { total } = await checkDataIntegrity(db, new Date(Date.now() - 86_400_000));
  if (total !== works) throw new Error(`the peer looked at ${total}`);
}

async function compared(stage: Stage, size: (typeof SIZES)[number]): Promise<Row[]> {
  const { works, users, rounds } = size;
  await stage.load(
    'users',
    Array.from({ length: users }, (_, index) => account(index, works / users)),
  );
  await stage.load(
    'works',
    Array.from({ length: works }, (_, index) => work(index, index % users)),
  );
  const own: Run[] = [];
  const peer: Run[] = [];
  for (let round = 0; round < rounds; round += 1) {
    own.push(await measured(stage, () => ours(stage, works)));
    peer.push(await measured(stage, () => original(stage, works)));
  }
  const what = `${works} works, ${users} users`;
  const pick = (of: (run: Run) => number) => ({ ours: own.map(of), peer: peer.map(of) });
  const isLarge = works === 100_000;
  return [
    compareRow(
      `round trips, ${what}`,
      'requests',
      pick(({ trips }) => trips),
      isLarge ? '<= 0.02' : '<= 1',
    ),
    compareRow(
      `time at ${ROUND_TRIP_MS} ms, ${what}`,
      'ms',
      pick(({ ms }) => ms),
      isLarge ? '<= 0.05' : '<= 1',
    ),
  ];
}

/** How much memory the check holds at most, over what it held before. */
async function memoryAt(stage: Stage, works: number): Promise<Row> {
  await stage.load(
    'users',
    Array.from({ length: 10_000 }, (_, index) => account(index, works / 10_000)),
  );
  await stage.load('works', pieces(works));
  await ordered(stage);
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 50);
  await ours(stage, works);
  clearInterval(watch);
  return figureRow(`memory over the SDK, ${works} works`, 'MB', (most - before) / 1e6, '<= 100');
}

// The local cloud puts an index in order when it is first asked of, which takes a minute for a million records: longer than
// anybody waits for an answer.
async function ordered({ db }: Stage): Promise<void> {
  const works = db.collection('works');
  for (const where of [{ _id: workIdOf(0) }, { userId: userIdOf(0) }, { _id: { $gt: 'w_f' } }]) {
    for (let isAnswered = false; !isAnswered;)
      isAnswered = await works
        .where(where)
        .limit(1)
        .get()
        .then(
          () => true,
          () => false,
        );
  }
}

function* pieces(works: number): Generator<object> {
  for (let index = 0; index < works; index += 1) yield work(index, index % 10_000);
}

const stage = await openStage();
try {
  await stage.load('emergency_backup', []);
  await stage.load('integrity_reports', []);
  const rows: Row[] = [];
  if (process.argv.includes('--memory')) rows.push(await memoryAt(stage, 1_000_000));
  else for (const size of SIZES) rows.push(...(await compared(stage, size)));
  report('check', rows);
} finally {
  await stage.close();
}
