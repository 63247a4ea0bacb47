/** What the local cloud takes, beside the engines that were compared before it was written. */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmulator } from '../src/emulator/index.ts';
import { alternate, compareRow, figureRow, report, timed, type Row } from './harness.ts';

/*
 * The peers are figures of an earlier comparison, on a machine of the same kind (Node 20, 2 shared cores, ext4): a
 * minimal implementation over a Map and an append-only log, with write() only and with an fdatasync for each write.
 */
const PEERS = {
  fsync: { inTurnPerSecond: 511, atOncePerSecond: 1_543, rawInTurnPerSecond: 1_280, rawAtOncePerSecond: 1_625 },
  write: { inTurnPerSecond: 647, atOncePerSecond: 1_577, rawInTurnPerSecond: 3_617, rawAtOncePerSecond: 5_683 },
  getMs: 1.1,
  whereMs: 47,
  sortMs: 57,
  restartMs: 1_230,
  restartedMib: 209,
} as const;

type Durability = 'fsync' | 'write';

const IS_QUICK = process.argv.includes('--quick');
const DOCUMENTS = 100_000;
const ROUNDS = IS_QUICK ? 2 : 7;

interface Served {
  readonly url: string;
  readonly env: Record<string, string>;
  readonly rssMib: number;
  readonly readyMs: number;
}

/** The local cloud in a process of its own: this file, started with `--serve`. */
async function serve(dir: string, durability: Durability): Promise<Served & { stop(): Promise<void> }> {
  const child: ChildProcess = fork(process.argv[1] ?? '', ['--serve', dir, durability], {
    execArgv: ['--expose-gc'],
  });
  const told = await new Promise<Served>((ready, failed) => {
    child.once('message', (message) => ready(message as Served));
    child.once('exit', () => failed(new Error('the local cloud did not start')));
  });
  return {
    ...told,
    async stop() {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill();
      await ended;
    },
  };
}

async function beServer(dir: string, durability: Durability): Promise<void> {
  const startedAtMs = performance.now();
  const { url, env } = await createEmulator({ dir, durability });
  const readyMs = performance.now() - startedAtMs;
  (globalThis as { gc?: () => void }).gc?.();
  // Whoever measures may fail: then nobody stops it.
  process.once('disconnect', () => process.exit());
  process.send?.({ url, env, readyMs, rssMib: process.memoryUsage.rss() / 2 ** 20 } satisfies Served);
}

const person = (n: number): string => `u${String(n % 1_000).padStart(4, '0')}`;

const document = (n: number) => ({
  _id: `w_${String(n).padStart(8, '0')}`,
  userId: person(n),
  prompt: 'cartoon style, 海边的灯塔, high quality',
  status: 'completed',
  createdAt: new Date(1_790_000_000_000 + n),
});

interface Query {
  where(condition: unknown): Query;
  orderBy(field: string, direction: 'asc' | 'desc'): Query;
  limit(count: number): Query;
  get(): Promise<{ readonly data: readonly unknown[] }>;
}

interface Works extends Query {
  add(options: { data: object }): Promise<unknown>;
  doc(id: string): { get(): Promise<unknown> };
}

interface Sdk {
  init(options: object): void;
  database(): { collection(name: string): Works; readonly command: { gt(value: unknown): unknown } };
}

let serial = DOCUMENTS;

/** How many a second, `workers` at once. */
async function perSecond(count: number, workers: number, run: () => Promise<unknown>): Promise<number> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await run();
  };
  const ms = await timed(() => Promise.all(Array.from({ length: workers }, worker)));
  return (count * 1_000) / ms;
}

async function rounds(measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  await measure();
  for (let round = 0; round < ROUNDS; round += 1) values.push(await measure());
  return values;
}

const beside = (what: string, unit: string, ours: readonly number[], peer: number, target: string): Row =>
  compareRow(what, unit, { ours, peer: ours.map(() => peer) }, target);

function rawInsert(url: string, agent: Agent): Promise<void> {
  const data = [JSON.stringify({ ...document((serial += 1)), createdAt: { $date: '2026-11-22T00:00:00.000Z' } })];
  return bare(url, agent, { action: 'database.insertDocument', collectionName: 'works', data });
}

/** A request without the SDK: what the local cloud and the connection take, and nothing else. */
function bare(url: string, agent: Agent, asked: object): Promise<void> {
  const body = JSON.stringify(asked);
  return new Promise((resolve, reject) => {
    const sending = request(`${url}/admin`, { method: 'POST', agent }, (response) => {
      response.resume().once('end', resolve);
    });
    sending.once('error', reject).end(body);
  });
}

interface Way {
  readonly what: string;
  readonly atOnce: number;
  readonly peer: 'inTurnPerSecond' | 'atOncePerSecond' | 'rawInTurnPerSecond' | 'rawAtOncePerSecond';
  readonly run: (url: string) => Promise<unknown>;
}

/** Both ways of keeping a change, round by round in turn, so that what else the machine does meets both. */
async function writes(works: Works, dir: string): Promise<Row[]> {
  const fsync = await serve(join(dir, 'fsync'), 'fsync');
  const write = await serve(join(dir, 'write'), 'write');
  for (const { url } of [fsync, write]) {
    await fetch(`${url}/_emulator/collections/works`, { method: 'PUT', body: '' });
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  const add = () => works.add({ data: document((serial += 1)) });
  const raw = (url: string) => rawInsert(url, agent);
  const ways: readonly Way[] = [
    { what: 'adds through the SDK, one at a time', atOnce: 1, peer: 'inTurnPerSecond', run: add },
    { what: 'adds through the SDK, 100 at once', atOnce: 100, peer: 'atOncePerSecond', run: add },
    { what: 'adds by bare HTTP, one at a time', atOnce: 1, peer: 'rawInTurnPerSecond', run: raw },
    { what: 'adds by bare HTTP, 100 at once', atOnce: 100, peer: 'rawAtOncePerSecond', run: raw },
  ];
  const rows: Row[] = [];
  for (const { what, atOnce, peer, run } of ways) {
    const measure = (cloud: Served) => () => {
      Object.assign(process.env, cloud.env);
      return perSecond((atOnce * 10 + 200) / (IS_QUICK ? 2 : 1), atOnce, () => run(cloud.url));
    };
    const pair = await alternate(ROUNDS, measure(fsync), measure(write));
    rows.push(
      beside(`${what}, flushed`, '/s', pair.ours, PEERS.fsync[peer], '>= 1'),
      beside(`${what}, not flushed`, '/s', pair.peer, PEERS.write[peer], '>= 1'),
      compareRow(`${what}, flushed against not flushed`, '/s', pair, atOnce === 1 ? '>= 0.3' : '>= 0.8'),
    );
  }
  agent.destroy();
  await fsync.stop();
  await write.stop();
  return rows;
}

/** Loads the documents, starts anew, and reads. */
async function reads(sdk: Sdk, dir: string): Promise<Row[]> {
  const first = await serve(dir, 'fsync');
  const lines = Array.from({ length: DOCUMENTS }, (_, n) => {
    const { createdAt, ...rest } = document(n);
    return JSON.stringify({ ...rest, createdAt: { $date: createdAt.toISOString() } });
  });
  await fetch(`${first.url}/_emulator/collections/works`, { method: 'PUT', body: lines.join('\n') });
  const indexes = JSON.stringify([{ keys: { userId: 1, createdAt: -1 } }]);
  await fetch(`${first.url}/_emulator/indexes/works`, { method: 'PUT', body: indexes });
  await first.stop();
  const restarts = await restartOften(dir);
  const cloud = await serve(dir, 'fsync');
  Object.assign(process.env, cloud.env);
  const { command } = sdk.database();
  const works = sdk.database().collection('works');
  const of = (n: number) =>
    works
      .where({ userId: person(n) })
      .orderBy('createdAt', 'desc')
      .limit(20)
      .get();
  const page = (n: number) =>
    works
      .where({ _id: command.gt(document(n)._id) })
      .orderBy('_id', 'asc')
      .limit(1_000)
      .get();
  const agent = new Agent({ keepAlive: true });
  const asked = (queryType: string, query: object, more: object = {}) =>
    bare(cloud.url, agent, {
      action: 'database.getDocument',
      collectionName: 'works',
      queryType,
      query: JSON.stringify(query),
      ...more,
    });
  const barePage = (n: number) =>
    asked('WHERE', { _id: { $gt: document(n)._id } }, { order: '{"_id":1}', limit: 1_000 });
  const bareOf = (n: number) => asked('WHERE', { userId: person(n) }, { order: '{"createdAt":-1}', limit: 20 });
  const each = (run: (n: number) => Promise<unknown>) =>
    rounds(async () => (await timed(() => times(20, (n) => run(n * 997)))) / 20);
  const k = `${DOCUMENTS / 1_000}k`;
  const rows = [
    beside(
      `get by _id of ${k}, through the SDK`,
      'ms',
      await each((n) => works.doc(document(n)._id).get()),
      PEERS.getMs,
      '<= 2',
    ),
    beside(`indexed where + sort of ${k}, through the SDK`, 'ms', await each(of), PEERS.sortMs, '<= 0.2'),
    beside(`keyset page of 1000 of ${k}, through the SDK`, 'ms', await each(page), PEERS.whereMs, '<= 1'),
    figureRow(
      `get by _id of ${k}, by bare HTTP`,
      'ms',
      await each((n) => asked('DOC', { _id: document(n)._id })),
      '<= 1',
    ),
    figureRow(`indexed where + sort of ${k}, by bare HTTP`, 'ms', await each(bareOf), '<= 2'),
    figureRow(`keyset page of 1000 of ${k}, by bare HTTP`, 'ms', await each(barePage), '<= 10'),
    ...restarts,
  ];
  agent.destroy();
  await cloud.stop();
  return rows;
}

async function restartOften(dir: string): Promise<Row[]> {
  const starts: Served[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const cloud = await serve(dir, 'fsync');
    starts.push(cloud);
    await cloud.stop();
  }
  const ms = starts.map(({ readyMs }) => readyMs);
  const mib = starts.map(({ rssMib }) => rssMib);
  return [
    // 1.5 s are allowed.
    beside(`restart with ${DOCUMENTS} documents`, 'ms', ms, PEERS.restartMs, '<= 1.22'),
    beside(`memory of the process with ${DOCUMENTS} documents`, 'MiB', mib, PEERS.restartedMib, '<= 1.5'),
  ];
}

async function times(count: number, run: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < count; n += 1) await run(n);
}

async function measure(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'wx-durable-bench-'));
  try {
    const { default: sdk } = (await import('wx-server-sdk')) as unknown as { default: Sdk };
    sdk.init({ env: 'emu-env' });
    const works = sdk.database().collection('works');
    const rows = await writes(works, dir);
    // On fewer documents, reading and restarting would not be what the peers did.
    if (!IS_QUICK) rows.push(...(await reads(sdk, join(dir, 'reads'))));
    report('emulator', rows);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const [, , flag, dir, durability] = process.argv;
if (flag === '--serve' && dir !== undefined) await beServer(dir, durability === 'write' ? 'write' : 'fsync');
else await measure();
