import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterEach } from 'vitest';
import { temporaryFolder } from './harness.ts';

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A local cloud in a process of its own, that can be killed and comes back at the same address. */
export interface ServedCloud {
  readonly url: string;
  /** What the process of its clients needs. */
  readonly env: Record<string, string>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts again on the same data, once it is dead. */
  restart(): Promise<void>;
}

export interface ServeOptions {
  readonly dir: string;
  readonly compactAboveBytes?: number;
}

/** Starts one on any free port. */
export async function serveCloud(options: ServeOptions): Promise<ServedCloud> {
  const bundle = await bundleEmulator();
  let server = await start(bundle, options);
  const { url, env } = server;
  return {
    url,
    env,
    async kill() {
      const ended = new Promise((done) => server.child.once('exit', done));
      server.child.kill('SIGKILL');
      await ended;
    },
    async restart() {
      server = await start(bundle, { ...options, port: Number(new URL(url).port) });
    },
  };
}

/** The emulator as one file that plain Node can run. */
async function bundleEmulator(): Promise<string> {
  const folder = temporaryFolder();
  const outfile = join(folder, 'serve.mjs');
  await build({
    stdin: {
      contents: `import { createEmulator } from './src/emulator/index.ts';
        const { url, env } = await createEmulator(JSON.parse(process.argv[2]));
        console.log(JSON.stringify({ url, env }));`,
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

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly env: Record<string, string>;
}

async function start(bundle: string, options: object): Promise<Started> {
  const child = spawn(process.execPath, [bundle, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const line = await new Promise<string>((done, fail) => {
    child.once('exit', (code) => fail(new Error(`the local cloud ended with ${code}`)));
    createInterface({ input: child.stdout }).once('line', done);
  });
  return { child, ...(JSON.parse(line) as Omit<Started, 'child'>) };
}
