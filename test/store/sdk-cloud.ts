import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeClock } from '../../src/core/node/index.ts';
import { createEmulator, type FaultRule } from '../../src/emulator/index.ts';
import type { Document } from '../../src/store/index.ts';
import {
  createCloudbaseBlobs,
  createCloudbaseCallStore,
  createCloudbaseStore,
  pagesOver,
  type Cloud,
  type LoadPages,
} from '../../src/store/cloudbase/index.ts';

interface Sdk extends Cloud {
  readonly DYNAMIC_CURRENT_ENV: symbol;
  init(options: { env: symbol }): void;
  database(): { readonly command: Readonly<Record<string, (value?: unknown) => unknown>>; serverDate(): unknown };
}

/** The unmodified SDK. It reads the address of its cloud at each request, so one import serves every cloud. */
const sdk = createRequire(import.meta.url)('wx-server-sdk') as Sdk;

/** Delays nothing, and so only counts the requests that it meets. */
const COUNTER: FaultRule = { inject: 'delay', delayMs: 0 };

/** Both adapters over the real SDK over a local cloud of their own. */
export type SdkCloud = Awaited<ReturnType<typeof openSdkCloud>>;

/** Starts a local cloud in this process; the SDK talks to the one that was opened last. */
export async function openSdkCloud() {
  const dir = mkdtempSync(join(tmpdir(), 'wx-durable-store-'));
  const emulator = await createEmulator({ dir });
  Object.assign(process.env, emulator.env, { SILENCE: 'true' });
  sdk.init({ env: sdk.DYNAMIC_CURRENT_ENV });
  const read = async (path: string): Promise<string> => (await fetch(`${emulator.url}/_emulator/${path}`)).text();
  const meet = (...rules: readonly FaultRule[]): void => emulator.faults.set([COUNTER, ...rules]);
  const reports = async () => JSON.parse(await read('faults')) as readonly { readonly fired: number }[];
  meet();
  return {
    store: createCloudbaseStore(sdk, nodeClock),
    /** As a function that people wait for has it. */
    callStore: (loadPages: LoadPages = async () => pagesOver) => createCloudbaseCallStore(sdk, nodeClock, loadPages),
    blobs: createCloudbaseBlobs(sdk, nodeClock, fetch),
    /** The next requests meet these faults; counting starts anew. */
    meet,
    /** Database and storage requests since the last `meet`. */
    requests: async (): Promise<number> => (await reports())[0]?.fired ?? 0,
    /** How often each fault of the last `meet` acted. */
    fired: async (): Promise<readonly number[]> => (await reports()).slice(1).map(({ fired }) => fired),
    /** Every change that was ever committed, as text. */
    commits: () => read('log'),
    contents: async (name: string) => readLines(await read(`collections/${name}`)),
    operators: () => {
      const { command } = sdk.database();
      const { exists, neq, gt, or, and } = command;
      return [
        exists?.(true),
        neq?.(null),
        gt?.(''),
        or?.([{ n: 1 }, { n: 2 }]),
        and?.([{ n: 1 }]),
        sdk.database().serverDate(),
      ];
    },
    async close(): Promise<void> {
      await emulator.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function readLines(text: string): readonly Document[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Document);
}
