import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { cloud, temporaryFolder } from './harness.ts';
import { serveCloud, type ServedCloud } from './served-cloud.ts';
import { LOADS, type Load, type Progress, type Stored, type Wrong } from './soak-writers.ts';

/** `npm run soak` gives it a minute. */
const LOAD_MS = Number(process.env['WX_DURABLE_SOAK_SECONDS'] ?? 6) * 1_000;
/** What was counted goes there too, where a file is named. */
const COUNTED_FILE = process.env['WX_DURABLE_SOAK_FILE'];
const KILL_EVERY_MS = 2_000;
const WRITERS_OF_EACH = 5;
/** Low, so that many a kill meets a rewrite of the log. */
const COMPACT_ABOVE_BYTES = 256 * 1024;

interface Writer {
  readonly load: Load;
  readonly writer: number;
  readonly progress: Progress;
}

test(
  `after kill -9 every ${KILL_EVERY_MS / 1_000} s under mixed load nothing acknowledged is lost, torn or half done`,
  async () => {
    const dir = temporaryFolder();
    const served = await serveCloud({ dir, compactAboveBytes: COMPACT_ABOVE_BYTES });
    Object.assign(process.env, served.env);
    cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
    await cloud.database().createCollection('works');
    const writers = LOADS.flatMap((load) =>
      Array.from({ length: WRITERS_OF_EACH }, (_, writer) => ({
        load,
        writer,
        progress: { sent: 0, acknowledged: 0, cutOff: new Set<number>() },
      })),
    );
    const total = { kills: 0, uncertain: 0, rewrites: 0, lost: 0, torn: 0, half: 0 };
    for (let loadMs = 0; loadMs < LOAD_MS; loadMs += KILL_EVERY_MS) {
      total.uncertain += await writeUntilKilled(served, writers);
      total.kills += 1;
      if (isRewritten(dir)) total.rewrites += 1;
      const wrong = judgeAll(await readAll(served.url), writers);
      for (const kind of ['lost', 'torn', 'half'] as const) total[kind] += wrong[kind];
    }
    await served.kill();
    console.log(`# kill -9 every ${KILL_EVERY_MS / 1_000} s, ${summary(writers, total)}`);
    if (COUNTED_FILE) writeFileSync(COUNTED_FILE, JSON.stringify(total));
    expect(total).toMatchObject({ lost: 0, torn: 0, half: 0 });
    // Something was on its way at each kill, or nothing has been shown; and logs were rewritten under it.
    expect(total.uncertain).toBeGreaterThanOrEqual(total.kills);
    expect(total.rewrites).toBeGreaterThan(0);
  },
  LOAD_MS * 5 + 60_000,
);

/** Lets all write, kills, starts again, and waits until nothing is under way; answers how many steps were cut off. */
async function writeUntilKilled(served: ServedCloud, writers: readonly Writer[]): Promise<number> {
  const round = { isOver: false };
  const working = Promise.all(writers.map((writer) => writeOn(writer, round)));
  await wait(KILL_EVERY_MS);
  await served.kill();
  round.isOver = true;
  await served.restart();
  const cutOff = await working;
  return cutOff.filter(Boolean).length;
}

/** One step after the other until the round is over or one fails; answers whether one did. */
async function writeOn({ load, writer, progress }: Writer, round: { readonly isOver: boolean }): Promise<boolean> {
  while (!round.isOver) {
    progress.sent += 1;
    const n = progress.sent;
    try {
      await load.step(writer, n);
    } catch {
      // It may have happened or not; the next step goes on after it.
      progress.cutOff.add(n);
      return true;
    }
    progress.acknowledged = n;
  }
  return false;
}

async function readAll(url: string): Promise<Stored> {
  const text = await (await fetch(`${url}/_emulator/collections/works`)).text();
  const documents = new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { readonly _id: string })
      .map((document) => [document._id, { ...document }]),
  );
  const paths = Array.from({ length: WRITERS_OF_EACH }, (_, writer) => `soak/${writer}.txt`);
  const sums = new Map(await Promise.all(paths.map(async (path) => [path, await sumOf(path)] as const)));
  return { document: (_collection, id) => documents.get(id), file: (path) => sums.get(path) };
}

/** Of the bytes themselves, not of what the cloud says of them. */
async function sumOf(path: string): Promise<string | undefined> {
  const { fileList } = await cloud.getTempFileURL({ fileList: [`cloud://emu-env.emu/${path}`] });
  const [{ tempFileURL }] = fileList as [{ tempFileURL: string }];
  if (tempFileURL === '') return undefined;
  const response = await fetch(encodeURI(tempFileURL));
  const bytes = Buffer.from(await response.arrayBuffer());
  return createHash('sha256').update(bytes).digest('hex');
}

function judgeAll(stored: Stored, writers: readonly Writer[]): Wrong {
  const all = writers.map(({ load, writer, progress }) => load.judge(stored, writer, progress));
  const sum = (kind: keyof Wrong): number => all.reduce((total, wrong) => total + wrong[kind], 0);
  return { lost: sum('lost'), torn: sum('torn'), half: sum('half') };
}

/** Whether the log begins with a snapshot. */
function isRewritten(dir: string): boolean {
  const file = openSync(join(dir, 'commit.log'), 'r');
  const start = Buffer.alloc(200);
  readSync(file, start, 0, start.length, 0);
  closeSync(file);
  return start.includes('"op":"snapshot"');
}

function summary(writers: readonly Writer[], total: Wrong & { kills: number; uncertain: number; rewrites: number }) {
  const count = (name: string) =>
    writers.filter(({ load }) => load.name === name).reduce((sum, { progress }) => sum + progress.acknowledged, 0);
  const loads = LOADS.map(({ name }) => `${name} ${count(name)}`).join(', ');
  return (
    `${total.kills} kills (${total.rewrites} on a rewritten log), last steps: ${loads}; ` +
    `${total.uncertain} cut off; acknowledged writes lost ${total.lost}, torn ${total.torn}, transactions half applied ${total.half}`
  );
}
