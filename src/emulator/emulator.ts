import { join } from 'node:path';
import type { Clock } from '../core/index.ts';
import { nodeClock } from '../core/node/index.ts';
import { createCollections, createDatabase, createTransactions, declareFromFile } from './database/index.ts';
import { createFaults, type FaultRule, type Faults } from './faults/index.ts';
import {
  CLIENT_CALLER,
  CLIENT_TOKEN,
  ENV_ID,
  callerEnvironment,
  createFunctions,
  type Functions,
  sdkEnvironment,
  type Caller,
  type ConsoleOutput,
  type InvokeAnswer,
} from './functions/index.ts';
import { startServer, type Route } from './http/index.ts';
import { invokeOverHttp } from './invoke-client.ts';
import { lockFolder, openJournal, type Journal } from './journal/index.ts';
import {
  createPictureRoutes,
  openPictureCalls,
  pictureServiceUrl,
  type PictureCall,
  type PictureCalls,
} from './picture-service/index.ts';
import { createAddresses, createFileStore, readOrCreateSecret } from './storage/index.ts';
import {
  createControlRoutes,
  createDatabaseActions,
  createFileRoutes,
  createFunctionActions,
  createGateway,
  createInvokeRoute,
  createStorageActions,
} from './wire/index.ts';

/** How a local cloud is set up. */
export interface EmulatorOptions {
  /** Folder of its data; created when missing, used by one emulator at a time. */
  readonly dir: string;
  /** Default 0: any free port. Only 127.0.0.1 is listened on. */
  readonly port?: number;
  /** Folder of the functions, each `<name>/index.js` with its `config.json`; `database.json` there declares indexes. */
  readonly functionsDir?: string;
  /** Default: the machine's. */
  readonly clock?: Clock;
  readonly faults?: readonly FaultRule[];
  /** More environment variables for functions. */
  readonly functionEnv?: Readonly<Record<string, string>>;
  /** Receives what functions print. */
  readonly onConsole?: (line: ConsoleOutput) => void;
}

/** A running local cloud. */
export interface Emulator {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** What the environment of a process needs so that its `wx-server-sdk` talks to this cloud. */
  readonly env: Record<string, string>;
  /** Calls a function as `wx.cloud.callFunction` does; without an `openid` as a timer or a console run. */
  invoke(name: string, event: unknown, caller?: Caller): Promise<InvokeAnswer>;
  readonly faults: Pick<Faults, 'set' | 'add' | 'clear'>;
  /** Every order that the picture service received, oldest first. */
  pictureCalls(): readonly PictureCall[];
  close(): Promise<void>;
}

/** Starts a local CloudBase on `dir`; what was acknowledged there before is there again. */
export async function createEmulator(options: EmulatorOptions): Promise<Emulator> {
  const unlock = lockFolder(options.dir);
  try {
    return await start(options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function start(options: EmulatorOptions, unlock: () => void): Promise<Emulator> {
  const clock = options.clock ?? nodeClock;
  const faults = createFaults(options.faults);
  const data = openData(options.dir, clock);
  if (options.functionsDir !== undefined) declareFromFile(data.database, options.functionsDir);
  const pictureCalls = openPictureCalls(join(options.dir, 'provider-calls.ndjson'));
  const address = { url: '' };
  const functions = createFunctions({
    dir: options.functionsDir,
    clock,
    env: (workerId) => functionEnvironment(address.url, workerId, options.functionEnv),
    onConsole: options.onConsole ?? (() => undefined),
  });
  const parts = { ...data, faults, functions, pictureCalls, clock, url: () => address.url };
  const routes = createRoutes(parts);
  const server = await startServer({ port: options.port ?? 0, routes: () => routes });
  address.url = server.url;
  let closing: Promise<void> | undefined;
  const stop = async () => {
    await functions.close();
    await server.close();
    data.journal.close();
    unlock();
  };
  return {
    url: server.url,
    env: clientEnvironment(server.url),
    invoke: (name, event, caller = {}) => invokeOverHttp(server.url, name, { event, caller }),
    faults: { set: faults.set, add: faults.add, clear: faults.clear },
    pictureCalls: pictureCalls.list,
    close() {
      closing ??= stop();
      return closing;
    },
  };
}

/** What the environment of a process needs so that its `wx-server-sdk` talks to the local cloud at `url`. */
export function clientEnvironment(url: string): Record<string, string> {
  return { ...sdkEnvironment(url), ...callerEnvironment(CLIENT_CALLER, CLIENT_TOKEN) };
}

interface Parts extends ReturnType<typeof openData> {
  readonly faults: Faults;
  readonly functions: Functions;
  readonly pictureCalls: PictureCalls;
  readonly clock: Clock;
  readonly url: () => string;
}

function createRoutes(parts: Parts): readonly Route[] {
  const actions = {
    ...createDatabaseActions(parts),
    ...createStorageActions(parts),
    ...createFunctionActions(parts.functions),
  };
  return [
    createGateway({ ...parts, actions }),
    createInvokeRoute(parts),
    ...createFileRoutes(parts),
    ...createControlRoutes(parts),
    ...createPictureRoutes({ ...parts, calls: parts.pictureCalls }),
  ];
}

function openData(dir: string, clock: Clock) {
  const collections = createCollections(() => journal);
  const files = createFileStore({ dir: join(dir, 'files'), append: (changes) => journal.append(changes) });
  const journal: Journal = openJournal({
    path: join(dir, 'commit.log'),
    clock,
    replay: (entry) => (entry.op.endsWith('File') ? files.replay(entry) : collections.replay(entry)),
  });
  const addresses = createAddresses(ENV_ID, readOrCreateSecret(dir));
  const transactions = createTransactions(collections, clock);
  return { collections, files, journal, addresses, transactions, database: createDatabase(collections, clock) };
}

/** All that a function sees: nothing of this process's own environment but the paths that Node itself uses. */
function functionEnvironment(
  url: string,
  workerId: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  const wantsPictures = more['WX_DURABLE_PROVIDER'] === 'local';
  const provider = wantsPictures ? { WX_DURABLE_PROVIDER_URL: pictureServiceUrl(url, workerId) } : {};
  return { PATH, HOME, TZ: 'UTC', ...sdkEnvironment(url), ...provider, ...more };
}
