import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterEach, expect, test } from 'vitest';
import { cloud, temporaryFolder } from './harness.ts';

const ROUNDS = 5;
const WRITERS = 20;

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** The emulator as one file that plain Node can run in a process of its own. */
async function bundleEmulator(): Promise<string> {
  const folder = temporaryFolder();
  const outfile = join(folder, 'serve.mjs');
  await build({
    stdin: {
      contents: `import { createEmulator } from './src/emulator/index.ts';
        const { env } = await createEmulator({ dir: process.argv[2] });
        console.log(JSON.stringify(env));`,
      resolveDir: resolve('.'),
      loader: 'ts',
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  copyFileSync('src/emulator/functions/worker.cjs', join(folder, 'worker.cjs'));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  return outfile;
}

interface Server {
  readonly process: ChildProcess;
  readonly env: Record<string, string>;
}

async function serve(bundle: string, dir: string): Promise<Server> {
  const child = spawn(process.execPath, [bundle, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = await new Promise<string[]>((done, fail) => {
    child.once('exit', (code) => fail(new Error(`the emulator ended with ${code}`)));
    createInterface({ input: child.stdout }).once('line', (text) => done([text]));
  });
  return { process: child, env: JSON.parse(line ?? '{}') as Record<string, string> };
}

async function kill({ process: child }: Server): Promise<void> {
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await ended;
}

/** Adds documents from many sides until the connection breaks; notes each that was acknowledged, and kills after `limit`. */
async function writeUntilKilled(server: Server, round: number, acknowledged: Map<string, string>): Promise<number> {
  const works = cloud.database().collection('works');
  const limit = acknowledged.size + 150 + round * 60;
  let sent = 0;
  let killed: Promise<void> | undefined;
  const write = async (writer: number) => {
    for (let n = 0; ; n += 1) {
      const id = `r${round}-${writer}-${n}`;
      const content = `第 ${n} 张 ${'x'.repeat((n * 37) % 500)}`;
      sent += 1;
      try {
        await works.add({ data: { _id: id, content } });
      } catch {
        return;
      }
      acknowledged.set(id, content);
      if (acknowledged.size >= limit) killed ??= kill(server);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  await killed;
  return sent;
}

test(`after kill -9 under ${WRITERS}-way load every acknowledged document is there, ${ROUNDS} times over`, async () => {
  const bundle = await bundleEmulator();
  const dir = temporaryFolder();
  const acknowledged = new Map<string, string>();
  let server = await serve(bundle, dir);
  Object.assign(process.env, server.env);
  cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
  await cloud.database().createCollection('works');
  let lost = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const before = acknowledged.size;
    const sent = await writeUntilKilled(server, round, acknowledged);
    // Something was on its way when the process died, or the round has shown nothing.
    expect(sent).toBeGreaterThan(acknowledged.size - before);
    server = await serve(bundle, dir);
    Object.assign(process.env, server.env);
    const { URL: admin } = JSON.parse(server.env['TCB_CONTEXT_CNFG'] ?? '{}') as { URL: string };
    const lines = (await (await fetch(admin.replace('/admin', '/_emulator/collections/works'))).text())
      .trimEnd()
      .split('\n');
    const found = new Map(
      lines
        .map((line) => JSON.parse(line) as { _id: string; content: string })
        .map(({ _id, content }) => [_id, content]),
    );
    lost += [...acknowledged].filter(([id, content]) => found.get(id) !== content).length;
  }
  await kill(server);
  // Past the console, which shows what failed tests say and nothing else.
  process.stdout.write(`kill -9, ${ROUNDS} rounds: acknowledged ${acknowledged.size}, lost ${lost}\n`);
  expect(lost).toBe(0);
}, 60_000);
