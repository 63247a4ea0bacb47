import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { nodePorts } from '../src/core/node/index.ts';
import { neededIndexes } from '../src/records/index.ts';
import type { Runtime } from '../src/service/index.ts';
import { createCloudbaseBlobs, createCloudbaseStore, type Cloud } from '../src/store/cloudbase/index.ts';
import type { Database } from './original/original.ts';

/** A local cloud in a process of its own, so that its memory and its work are not counted as ours. */
export interface Stage {
  /** What the maintenance functions stand on; it says nothing. */
  readonly runtime: Runtime;
  /** The same database, as the SDK gives it. */
  readonly db: Database;
  /** Makes `documents` the whole content of a collection, with the indexes that this library asks for. */
  load(collection: string, documents: Iterable<object>): Promise<void>;
  /** From now on every request takes this much longer; answers how many there have been since the last call. */
  countFrom(roundTripMs: number): Promise<number>;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const dir = mkdtempSync(join(tmpdir(), 'wx-durable-bench-'));
  const { child, url, env } = await startCloud(dir);
  Object.assign(process.env, env);
  const { default: cloud } = (await import('wx-server-sdk')) as unknown as {
    default: Cloud & { init(o: object): void };
  };
  cloud.init({ env: 'emu-env' });
  const put = async (path: string, body: string, method = 'PUT'): Promise<void> => {
    const response = await fetch(`${url}/_emulator/${path}`, { method, body });
    if (!response.ok) throw new Error(await response.text());
  };
  const counted = async (): Promise<number> => {
    const rules = (await (await fetch(`${url}/_emulator/faults`)).json()) as { readonly fired: number }[];
    return rules[0]?.fired ?? 0;
  };
  return {
    runtime: {
      ...nodePorts,
      store: createCloudbaseStore(cloud, nodePorts.clock),
      blobs: createCloudbaseBlobs(cloud, nodePorts.clock),
      log: { write: () => undefined },
      env: {},
      fetch,
      identity: () => ({ SOURCE: 'wx_trigger' }),
    },
    db: cloud.database() as Database,
    async load(collection, documents) {
      await put(`indexes/${collection}`, JSON.stringify(indexesOf(collection)));
      await put(`collections/${collection}`, '');
      for (const lines of linesOf(documents)) await put(`collections/${collection}`, lines, 'POST');
    },
    async countFrom(roundTripMs) {
      const before = await counted();
      await put('faults', JSON.stringify([{ inject: 'delay', delayMs: roundTripMs }]));
      return before;
    },
    async close() {
      child.kill();
      await new Promise((ended) => child.once('exit', ended));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function startCloud(dir: string) {
  const script = join(dir, 'cloud.mjs');
  const emulator = JSON.stringify(resolve('dist/lib/emulator.js'));
  writeFileSync(
    script,
    `import { createEmulator } from ${emulator};
const cloud = await createEmulator({ dir: ${JSON.stringify(join(dir, 'data'))} });
process.send({ url: cloud.url, env: cloud.env });`,
  );
  const child: ChildProcess = fork(script, { execArgv: ['--max-old-space-size=8192'] });
  const told = await new Promise<{ url: string; env: Record<string, string> }>((ready, failed) => {
    child.once('message', (message) => ready(message as { url: string; env: Record<string, string> }));
    child.once('exit', () => failed(new Error('the local cloud did not start')));
  });
  return { child, ...told };
}

function indexesOf(collection: string): readonly object[] {
  return neededIndexes
    .filter((index) => index.collection === collection)
    .map(({ fields }) => ({
      keys: Object.fromEntries(fields.map(({ path, direction }) => [path, direction === 'asc' ? 1 : -1])),
    }));
}

/** So many documents are sent at once: a million of them are longer than a string may be. */
const PIECE = 20_000;

function* linesOf(documents: Iterable<object>): Generator<string> {
  let lines: string[] = [];
  for (const document of documents) {
    lines.push(JSON.stringify(document, datesAsEjson));
    if (lines.length < PIECE) continue;
    yield lines.join('\n');
    lines = [];
  }
  yield lines.join('\n');
}

function datesAsEjson(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const raw = this[key];
  return raw instanceof Date ? { $date: raw.toISOString() } : value;
}
