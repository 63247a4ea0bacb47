import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEmulator, type Emulator } from '../../emulator/index.ts';
import { createMissingCollections } from '../dev/collections.ts';
import { findSdkFolder } from '../dev/sdk-folder.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Language } from '../language.ts';

/** A local cloud in a folder of its own, with the built functions in it. */
export interface Stage {
  readonly emulator: Emulator;
  /** What functions printed so far. */
  readonly lines: readonly string[];
  /** Every document of a collection, as stored. */
  dump(collection: string): Promise<readonly Stored[]>;
  /** The commit log: every write that took effect, in order. */
  log(): Promise<readonly Stored[]>;
  isOpen(): boolean;
  /** Ends what is under way on it, and takes its folder away. */
  close(): Promise<void>;
}

export type Stored = Readonly<Record<string, unknown>>;

/**
 * Time limit of the functions on this stage, seconds. In production `generateImage` has 60 s; an interrupted
 * call keeps its lease that long, and nobody wants to watch a demonstration wait for it.
 */
export const TIME_LIMIT_S = 10;

/** Starts the stage; `WX_DURABLE_KEY` is made for the occasion. Rejects where wx-server-sdk is not installed. */
export async function openStage(language: Language): Promise<Stage> {
  const sdkFolder = findSdkFolder();
  if (sdkFolder === undefined) throw new CommandFailure(exitCodes.file, noSdk[language]);
  const dir = await mkdtemp(join(tmpdir(), 'wx-durable-stage-'));
  try {
    return await furnish(dir, sdkFolder);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

const noSdk = {
  zh: '演示需要 wx-server-sdk，请先在此目录执行 npm i wx-durable wx-server-sdk',
  en: 'the demonstration needs wx-server-sdk; run npm i wx-durable wx-server-sdk in this folder first',
};

async function furnish(dir: string, sdkFolder: string): Promise<Stage> {
  const functionsDir = join(dir, 'functions');
  await copyFunctions(functionsDir, sdkFolder);
  const lines: string[] = [];
  const emulator = await createEmulator({
    dir: join(dir, 'cloud'),
    // The audit reads the whole history.
    compactAboveBytes: Infinity,
    functionsDir,
    functionEnv: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_KEY: randomBytes(32).toString('hex') },
    onConsole: (line) => lines.push(line.text),
  });
  await createMissingCollections(emulator.url);
  const read = async (path: string): Promise<readonly Stored[]> => {
    const text = await (await fetch(`${emulator.url}/_emulator/${path}`)).text();
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Stored]));
  };
  let isOpen = true;
  return {
    emulator,
    lines,
    dump: (collection) => read(`collections/${collection}`),
    log: () => read('log'),
    isOpen: () => isOpen,
    async close() {
      isOpen = false;
      await emulator.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function copyFunctions(target: string, sdkFolder: string): Promise<void> {
  const source = fileURLToPath(new URL('../cloudfunctions', import.meta.url));
  await cp(source, target, { recursive: true });
  for (const name of await readdir(target, { withFileTypes: true })) {
    if (!name.isDirectory()) continue;
    await writeFile(join(target, name.name, 'config.json'), JSON.stringify({ timeout: TIME_LIMIT_S }));
  }
  // Away from the project the functions would not find the SDK; in the cloud it is installed beside each.
  await symlink(dirname(sdkFolder), join(dirname(target), 'node_modules'), 'junction');
}
