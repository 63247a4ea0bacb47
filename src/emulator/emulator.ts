import { join } from 'node:path';
import type { Clock } from '../core/index.ts';
import { nodeClock } from '../core/node/index.ts';
import { durably, openData, type Data } from './data.ts';
import { declareFromFile } from './database/index.ts';
import { createFaults, type FaultRule, type Faults } from './faults/index.ts';
import {
  CLIENT_CALLER,
  CLIENT_TOKEN,
  callerEnvironment,
  createFunctions,
  createTimers,
  createTraffic,
  limitsOf,
  sdkEnvironment,
  TIMER_CALLER,
  type Caller,
  type ConsoleOutput,
  type InstanceEnvironment,
  type InvokeAnswer,
  type Limits,
  type TimersOptions,
} from './functions/index.ts';
import { startServer, type Route } from './http/index.ts';
import { invokeOverHttp } from './invoke-client.ts';
import { lockFolder, type Durability } from './journal/index.ts';
import {
  createPictureRoutes,
  openPictureCalls,
  pictureServiceUrl,
  type PictureCall,
  type PictureCalls,
} from './picture-service/index.ts';
import { exportData, importData, type ExportSummary } from './transfer/index.ts';
import {
  createControlRoutes,
  createDatabaseActions,
  createFileRoutes,
  createFunctionActions,
  createGateway,
  createHttpAccessRoutes,
  createInvokeRoute,
  createRequestJournal,
  createStorageActions,
  createTimerRoutes,
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
  /** Whether the functions' timers fire by themselves. @default false */
  readonly timers?: boolean | TimersOptions;
  /** What is refused because production would: production's limits with these changes, or none. */
  readonly limits?: false | Partial<Limits>;
  /**
   * What an acknowledged change survives: `fsync` the failure of power too, `write` the death of the process alone.
   * @default 'fsync'
   */
  readonly durability?: Durability;
  /** The log is rewritten once it is longer than this, and than twice what stands. @default 16 MiB */
  readonly compactAboveBytes?: number;
  /** Origins of web pages that may use it, such as `http://localhost:5173`; its own may, all others are refused. @default none */
  readonly allowedOrigins?: readonly string[];
  /** Folder of an export that is taken over before the first request; its collections replace those of the same name. */
  readonly importFrom?: string;
}

/** A running local cloud. */
export interface Emulator {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** What the environment of a process needs so that its `wx-server-sdk` talks to this cloud. */
  readonly env: Record<string, string>;
  /** Calls a function as `wx.cloud.callFunction` does; without an `openid` as a console run, and as a timer with `source: 'wx_trigger'`. */
  invoke(name: string, event: unknown, caller?: Caller): Promise<InvokeAnswer>;
  readonly faults: Pick<Faults, 'set' | 'add' | 'clear'>;
  /** Every order that the picture service received, oldest first. */
  pictureCalls(): readonly PictureCall[];
  /** Writes all documents, indexes and files into a folder; an earlier export there is replaced. */
  exportTo(folder: string): Promise<ExportSummary>;
  close(): Promise<void>;
}

/** Starts a local CloudBase on `dir`; what was acknowledged there before is there again. */
export async function createEmulator(options: EmulatorOptions): Promise<Emulator> {
  const unlock = lockFolder(options.dir);
  let data: Data | undefined;
  try {
    data = openData(options, options.clock ?? nodeClock);
    return await start(options, data, unlock);
  } catch (error) {
    // What went wrong first is what counts.
    await data?.journal.close().catch(() => undefined);
    unlock();
    throw error;
  }
}

async function start(options: EmulatorOptions, data: Data, unlock: () => void): Promise<Emulator> {
  const clock = options.clock ?? nodeClock;
  const { port = 0, allowedOrigins = [] } = options;
  const faults = createFaults(options.faults);
  if (options.importFrom !== undefined) await importData(data, options.importFrom);
  if (options.functionsDir !== undefined) declareFromFile(data.database, options.functionsDir);
  const pictureCalls = openPictureCalls(join(options.dir, 'provider-calls.ndjson'));
  const address = { url: '' };
  const runtime = openFunctions(options, clock, () => address.url);
  const parts = { ...data, ...runtime, faults, pictureCalls, clock, url: () => address.url };
  const routes = createRoutes(parts).map((route) => durably(route, data));
  const server = await startServer({ port, allowedOrigins, routes: () => routes });
  address.url = server.url;
  if (options.timers !== undefined && options.timers !== false) runtime.timers.start();
  let closing: Promise<void> | undefined;
  const stop = async () => {
    runtime.timers.stop();
    await runtime.functions.close();
    await server.close();
    await data.journal.close().finally(unlock);
  };
  return {
    url: server.url,
    env: clientEnvironment(server.url),
    invoke: runtime.invoke,
    faults: { set: faults.set, add: faults.add, clear: faults.clear },
    pictureCalls: pictureCalls.list,
    exportTo: (folder) => exportData({ ...data, clock }, folder),
    close() {
      closing ??= stop();
      return closing;
    },
  };
}

/** The functions, with what lets calls in and what calls them at their time. */
function openFunctions(options: EmulatorOptions, clock: Clock, url: () => string) {
  const { functionsDir: dir, functionEnv: more, onConsole = () => undefined } = options;
  const limits = limitsOf(options.limits);
  const env: InstanceEnvironment = (workerId, declared) => functionEnvironment(url(), workerId, { declared, more });
  const invoke: Emulator['invoke'] = (name, event, caller = {}) => invokeOverHttp(url(), name, { event, caller });
  const timers = createTimers({
    ...(typeof options.timers === 'object' ? options.timers : {}),
    dir,
    clock,
    // The way of every call, so that faults and limits meet a timer's run, too.
    call: (name, event) => invoke(name, event, TIMER_CALLER),
    onTrouble: (name, what) => onConsole({ function: name, requestId: 'timer', stream: 'stderr', text: `${what}\n` }),
  });
  const functions = createFunctions({ dir, clock, env, limits, onConsole });
  return { functions, timers, limits, traffic: createTraffic(limits, () => clock.now()), invoke };
}

/** What the environment of a process needs so that its `wx-server-sdk` talks to the local cloud at `url`. */
export function clientEnvironment(url: string): Record<string, string> {
  return { ...sdkEnvironment(url), ...callerEnvironment(CLIENT_CALLER, CLIENT_TOKEN) };
}

interface Parts extends Data, ReturnType<typeof openFunctions> {
  readonly faults: Faults;
  readonly pictureCalls: PictureCalls;
  readonly clock: Clock;
  readonly url: () => string;
}

function createRoutes(parts: Parts): readonly Route[] {
  const actions = {
    ...createDatabaseActions(parts),
    ...createStorageActions(parts),
    ...createFunctionActions(parts),
  };
  const requests = createRequestJournal();
  return [
    createGateway({ ...parts, actions, requests }),
    ...requests.routes,
    createInvokeRoute(parts),
    ...createHttpAccessRoutes(parts),
    ...createTimerRoutes(parts.timers),
    ...createFileRoutes(parts),
    ...createControlRoutes(parts),
    ...createPictureRoutes({ ...parts, calls: parts.pictureCalls }),
  ];
}

interface Variables {
  /** What the function's settings declare. */
  readonly declared: Readonly<Record<string, string>>;
  /** What whoever runs the local cloud sets, for every function; it comes before the function's own. */
  readonly more?: Readonly<Record<string, string>> | undefined;
}

/** All that a function sees: nothing of this process's own environment but the paths that Node itself uses. */
function functionEnvironment(
  url: string,
  workerId: string,
  { declared, more = {} }: Variables,
): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  const wantsPictures = (more['WX_DURABLE_PROVIDER'] ?? declared['WX_DURABLE_PROVIDER']) === 'local';
  const provider = wantsPictures ? { WX_DURABLE_PROVIDER_URL: pictureServiceUrl(url, workerId) } : {};
  return { PATH, HOME, TZ: 'UTC', ...declared, ...sdkEnvironment(url), ...provider, ...more };
}
