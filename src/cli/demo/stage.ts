import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEmulator, type Emulator } from '../../emulator/index.ts';
import { createMissingCollections } from '../dev/collections.ts';

/** A local cloud in a folder of its own, with the built functions in it. */
export interface Stage {
  readonly emulator: Emulator;
  /** What functions printed so far. */
  readonly lines: readonly string[];
  /** Every document of a collection, as stored. */
  dump(collection: string): Promise<readonly Stored[]>;
  /** The commit log: every write that took effect, in order. */
  log(): Promise<readonly Stored[]>;
  close(): Promise<void>;
}

export type Stored = Readonly<Record<string, unknown>>;

/**
 * Time limit of the functions on this stage, seconds. In production `generateImage` has 60 s; an interrupted
 * call keeps its lease that long, and nobody wants to watch a demonstration wait for it.
 */
export const TIME_LIMIT_S = 10;

/** Starts the stage; `WX_DURABLE_KEY` is made for the occasion. */
export async function openStage(): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'wx-durable-stage-'));
  const functionsDir = join(dir, 'functions');
  await copyFunctions(functionsDir);
  const lines: string[] = [];
  const emulator = await createEmulator({
    dir: join(dir, 'cloud'),
    functionsDir,
    functionEnv: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_KEY: randomBytes(32).toString('hex') },
    onConsole: (line) => lines.push(line.text),
  });
  await createMissingCollections(emulator.url);
  const read = async (path: string): Promise<readonly Stored[]> => {
    const text = await (await fetch(`${emulator.url}/_emulator/${path}`)).text();
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Stored]));
  };
  return {
    emulator,
    lines,
    dump: (collection) => read(`collections/${collection}`),
    log: () => read('log'),
    async close() {
      await emulator.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function copyFunctions(target: string): Promise<void> {
  const source = fileURLToPath(new URL('../cloudfunctions', import.meta.url));
  await cp(source, target, { recursive: true });
  for (const name of await readdir(target, { withFileTypes: true })) {
    if (!name.isDirectory()) continue;
    await writeFile(join(target, name.name, 'config.json'), JSON.stringify({ timeout: TIME_LIMIT_S }));
  }
  // Away from the project the functions would not find the SDK; in the cloud it is installed beside each.
  const sdk = createRequire(import.meta.url).resolve('wx-server-sdk/package.json');
  await symlink(dirname(dirname(sdk)), join(dirname(target), 'node_modules'));
}
