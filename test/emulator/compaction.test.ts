import { expect, test } from 'vitest';
import { createCollections, type Collections } from '../../src/emulator/database/index.ts';
import { openJournal, type Journal, type Rewritten } from '../../src/emulator/journal/index.ts';
import { createTestClock } from '../support/test-clock.ts';
import { createFailingDisk, FAILURES, type FailingDisk, type Failure } from './failing-disk.ts';

const PATH = 'data/commit.log';
const DRAFT = `${PATH}.next`;

interface Opened {
  readonly collections: Collections;
  readonly journal: Journal;
  readonly rewritten: readonly Rewritten[];
}

function open(disk: FailingDisk, compactAboveBytes = 1_500): Opened {
  const rewritten: Rewritten[] = [];
  const collections: Collections = createCollections(() => journal);
  const journal: Journal = openJournal({
    path: PATH,
    clock: createTestClock(),
    disk,
    compactAboveBytes,
    replay: collections.replay,
    capture: collections.capture,
    onRewritten: (outcome) => rewritten.push(outcome),
  });
  return { collections, journal, rewritten };
}

/** Everything that stands, in its order, as text. */
function contentOf({ names, collection }: Collections): string {
  return JSON.stringify(
    names().map(({ name }) => ({ name, indexes: collection(name).indexes, documents: [...collection(name).all()] })),
  );
}

type Step = Parameters<Collections['commit']>[0];

const put = (id: string, n: number, op: 'insert' | 'update' = 'update') =>
  ({ op, collection: 'works', id, document: { _id: id, n, at: new Date(n), text: '图片'.repeat(n % 9) } }) as const;

/** Creates, declares, inserts, changes in pairs, removes: enough to be rewritten several times. */
const STORY: readonly Step[] = [
  [{ op: 'create', collection: 'empty' }],
  [{ op: 'create', collection: 'works' }],
  [
    {
      op: 'index',
      collection: 'works',
      document: { indexes: [{ name: 'n_1', keys: { n: 1 }, unique: false }] },
    },
  ],
  [put('a', 0, 'insert'), put('b', 0, 'insert')],
  [put('c', 0, 'insert')],
  ...Array.from({ length: 24 }, (_, index): Step => {
    const n = index + 1;
    if (n % 6 === 4) return [{ op: 'remove', collection: 'works', id: 'c' }];
    if (n % 6 === 5) return [put('c', n, 'insert')];
    return n % 2 === 0 ? [put('a', n), put('b', n)] : [put('a', n)];
  }),
];

/** What stands after none, one, two … steps of the story. */
async function historyOfStory(): Promise<readonly string[]> {
  const { collections, journal } = open(createFailingDisk(), Infinity);
  const history = [contentOf(collections)];
  for (const step of STORY) {
    collections.commit(step);
    history.push(contentOf(collections));
  }
  await journal.close();
  return history;
}

/** Plays the story until the disk fails; counts the steps that were written, and those that were acknowledged. */
async function play(disk: FailingDisk): Promise<{ written: number; acknowledged: number; rewrites: number }> {
  const progress = { written: 0, acknowledged: 0, rewrites: 0 };
  try {
    const { collections, journal, rewritten } = open(disk);
    for (const step of STORY) {
      collections.commit(step);
      progress.written += 1;
      await journal.synced();
      progress.acknowledged += 1;
      progress.rewrites = rewritten.length;
    }
    await journal.close();
  } catch {
    // The machine is off.
  }
  return progress;
}

test('cut off at any step, by a kill or a power failure, the log holds what was acknowledged and no half of anything', async () => {
  const history = await historyOfStory();
  const sound = createFailingDisk();
  const { rewrites } = await play(sound);
  expect(rewrites).toBeGreaterThan(2);
  const wrong: string[] = [];
  for (let failsAt = 1; failsAt <= sound.operations; failsAt += 1) {
    const disk = createFailingDisk(failsAt);
    const progress = await play(disk);
    for (const failure of FAILURES) {
      const verdict = await judge(disk, failure, { ...progress, history });
      if (verdict !== undefined) wrong.push(`${failure} at operation ${failsAt}: ${verdict}`);
    }
  }
  expect(wrong).toEqual([]);
  console.log(
    `# log cut off at ${sound.operations} steps of ${rewrites} rewrites × ${FAILURES.length} failures: lost 0, torn 0`,
  );
});

interface Expected {
  readonly written: number;
  readonly acknowledged: number;
  readonly history: readonly string[];
}

/** Starts again on what is left, goes on, and starts once more. */
async function judge(disk: FailingDisk, failure: Failure, expected: Expected): Promise<string | undefined> {
  const { written, acknowledged, history } = expected;
  const left = disk.afterFailure(failure);
  try {
    const { collections, journal } = open(left);
    const reached = history.indexOf(contentOf(collections));
    const least = failure === 'kill' ? written : acknowledged;
    if (reached === -1) return 'a state that never was';
    if (reached < least) return `step ${reached} of at least ${least}`;
    if (left.names().includes(DRAFT)) return 'a draft is left';
    collections.commit([{ op: 'create', collection: 'afterwards' }]);
    await journal.synced();
    const before = contentOf(collections);
    const again = open(left.afterFailure('power-least'));
    return contentOf(again.collections) === before ? undefined : 'what came afterwards is gone';
  } catch (error) {
    return String(error);
  }
}

/** A log that begins with a snapshot of three documents, with one entry behind it. */
async function rewrittenLog(): Promise<{ disk: FailingDisk; lines: string[] }> {
  const disk = createFailingDisk();
  const { collections, journal, rewritten } = open(disk, 400);
  collections.commit([{ op: 'create', collection: 'works' }]);
  collections.commit(['a', 'b', 'c'].map((id, n) => put(id, n, 'insert')));
  while (rewritten.length === 0) await journal.synced().then(turn);
  collections.commit([put('a', 7)]);
  await journal.close();
  return { disk, lines: disk.bytesOf(PATH).toString().trimEnd().split('\n') };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a rewritten log says so first, counts what it holds, and goes on with the next number', async () => {
  const { lines } = await rewrittenLog();
  expect(lines.map((line) => JSON.parse(line.slice(17)) as unknown)).toMatchObject([
    { op: 'snapshot', seq: 4, count: 4 },
    { op: 'create', seq: 4, part: 1, collection: 'works' },
    { op: 'insert', seq: 4, part: 2, id: 'a', document: { _id: 'a', n: 0 } },
    { op: 'insert', seq: 4, part: 3, id: 'b' },
    { op: 'insert', seq: 4, part: 4, id: 'c' },
    { op: 'update', seq: 5, id: 'a', document: { n: 7 } },
  ]);
});

test.each([
  ['a part is missing', (lines: string[]) => lines.filter((_, index) => index !== 2), 'part 3 of the snapshot'],
  ['a part is doubled', (lines: string[]) => lines.flatMap((line, i) => (i === 2 ? [line, line] : [line])), 'part 2'],
  ['the end of the snapshot is missing', (lines: string[]) => lines.slice(0, 3), 'ends after 2 of 4 parts'],
  ['the snapshot is there twice', (lines: string[]) => [...lines, ...lines], 'entry 4 stands in its place'],
  ['the head is missing', (lines: string[]) => lines.slice(1), 'entry 4 stands in its place'],
])('when %s the start is refused, because that was acknowledged', async (_name, change, message) => {
  const { lines } = await rewrittenLog();
  const disk = createFailingDisk();
  disk.put(PATH, Buffer.from(`${change(lines).join('\n')}\n`));
  expect(() => open(disk)).toThrow(message);
});

test('half a draft beside the log, as a kill leaves it, is thrown away', async () => {
  const { disk, lines } = await rewrittenLog();
  disk.put(DRAFT, Buffer.from(lines.join('\n').slice(0, 200)));
  const { collections } = open(disk);
  expect(collections.names()).toEqual([{ name: 'works', count: 3 }]);
  expect(disk.names()).toEqual([PATH]);
});

test('a rewrite that finds the disk full leaves the log as it is, and is tried again when that has doubled', async () => {
  const disk = createFailingDisk();
  const { collections, journal, rewritten } = open(disk, 400);
  collections.commit([{ op: 'create', collection: 'works' }]);
  const originalOpen = disk.open;
  disk.open = (path) => {
    const file = originalOpen(path);
    if (path === DRAFT) disk.fillUp(path);
    return file;
  };
  let n = 0;
  const grow = async (): Promise<void> => {
    collections.commit([put('a', (n += 1), n === 1 ? 'insert' : 'update')]);
    await journal.synced();
    await turn();
  };
  while (rewritten.length === 0) await grow();
  expect(rewritten).toMatchObject([
    { status: 'failed', cause: expect.objectContaining({ message: expect.any(String) }) },
  ]);
  const bytes = disk.bytesOf(PATH).length;
  disk.open = originalOpen;
  while (rewritten.length === 1) await grow();
  const [, second] = rewritten;
  if (second?.status !== 'done') throw new Error('it was not rewritten');
  expect(second.bytesBefore).toBeGreaterThan(2 * bytes);
  expect(second.bytesAfter).toBeLessThan(second.bytesBefore);
  const before = contentOf(collections);
  await journal.close();
  expect(contentOf(open(disk).collections)).toBe(before);
});

test('others have their turn while a long log is rewritten, and what they change then is in it', async () => {
  const disk = createFailingDisk();
  const { collections, journal, rewritten } = open(disk, 500_000);
  collections.commit([{ op: 'create', collection: 'works' }]);
  const many = Array.from({ length: 4_000 }, (_, n) => put(`w${n}`, n, 'insert'));
  collections.commit(many);
  let turns = 0;
  for (let n = 0; rewritten.length === 0; n += 1) {
    collections.commit([put('w5', n), put('w3999', n)]);
    turns += 1;
    await turn();
  }
  const [outcome] = rewritten;
  if (outcome?.status !== 'done') throw new Error('it was not rewritten');
  // A slice is 64 KiB at most.
  expect(turns).toBeGreaterThan(outcome.bytesAfter / 65_536 / 2);
  const before = contentOf(collections);
  await journal.close();
  expect(contentOf(open(disk).collections)).toBe(before);
});

test('closing in the middle of a rewrite leaves the log and nothing beside it', async () => {
  const disk = createFailingDisk();
  const { collections, journal, rewritten } = open(disk, 400);
  collections.commit([{ op: 'create', collection: 'works' }]);
  collections.commit(Array.from({ length: 3_000 }, (_, n) => put(`w${n}`, n, 'insert')));
  await turn();
  await turn();
  expect(disk.names()).toContain(DRAFT);
  await journal.close();
  expect(rewritten).toEqual([]);
  expect(disk.names()).toEqual([PATH]);
  expect(open(disk).collections.names()).toEqual([{ name: 'works', count: 3_000 }]);
});
