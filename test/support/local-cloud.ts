import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, recordId, userId, type Category, type Code } from '../../src/core/index.ts';
import { createEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/index.ts';
import type { Document } from '../../src/store/index.ts';
import { placeFunctions, placeSdk } from './built.ts';
import { testHash } from './ports.ts';

/** What a function of ours answers. */
export interface Answer {
  readonly code: number;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: Code; readonly category: Category };
  readonly requestId?: string;
}

export type Platform = Awaited<ReturnType<Emulator['invoke']>>;
export type FaultRule = NonNullable<EmulatorOptions['faults']>[number];
export type Caller = Parameters<Emulator['invoke']>[2];

export interface LocalCloudOptions {
  /** More environment variables for the functions. @default the local picture service alone */
  readonly env?: Readonly<Record<string, string>>;
}

/** A local cloud with this project's functions as they are uploaded, in a folder of its own. */
export type LocalCloud = Awaited<ReturnType<typeof createLocalCloud>>;

/** The timer's event, as the platform sends it. */
export const TIMER = { Type: 'Timer', TriggerName: 'nightly', Time: '2026-11-22T18:00:00Z', Message: '' };

/** Who calls with it: the platform itself. */
export const TIMER_CALLER = { source: 'wx_trigger' } as const;

const COLLECTIONS = ['users', 'works', 'emergency_backup'] as const;

/** Places the functions, starts the cloud and creates its collections. */
export async function createLocalCloud({ env = { WX_DURABLE_PROVIDER: 'local' } }: LocalCloudOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'wx-durable-cloud-'));
  placeSdk(folder);
  await placeFunctions(folder);
  const printed: string[] = [];
  const emulator = await createEmulator({
    dir: join(folder, 'data'),
    functionsDir: join(folder, 'cloudfunctions'),
    functionEnv: env,
    onConsole: ({ text }) => void printed.push(text),
  });
  const cloud = createControls(emulator);
  for (const name of COLLECTIONS) await cloud.load(name, []);
  return {
    ...cloud,
    folder,
    printed,
    async close() {
      await emulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function createControls(emulator: Emulator) {
  const { faults, pictureCalls, url, env } = emulator;
  const call = async (openid: string | undefined, event: unknown): Promise<Answer> =>
    resultOf(await emulator.invoke('generateImage', event, { openid }));
  const read = async (path: string): Promise<string> => (await fetch(`${url}/_emulator/${path}`)).text();
  const load = async (collection: string, documents: readonly unknown[]): Promise<void> => {
    const body = documents.map(canonicalJson).join('\n');
    await mustSucceed(await fetch(`${url}/_emulator/collections/${collection}`, { method: 'PUT', body }));
  };
  const dump = async (collection: string): Promise<Document[]> => readLines(await read(`collections/${collection}`));
  return {
    url,
    env,
    faults,
    pictureCalls,
    load,
    dump,
    /** `generateImage` as a mini program of this person calls it. */
    call,
    generate: (openid: string, data: unknown) => call(openid, { action: 'generate', data }),
    invoke: (name: string, event: unknown, caller?: Caller): Promise<Platform> => emulator.invoke(name, event, caller),
    /** As `invoke`, with the event's text as it travels. */
    invokeText: (name: string, text: string, openid: string) => invokeText(url, name, { text, openid }),
    /** Runs a maintenance function as its timer does. */
    maintain: async (name: string): Promise<Answer> => resultOf(await emulator.invoke(name, TIMER, TIMER_CALLER)),
    /** Adds documents beside those that are there. */
    async add(collection: string, ...documents: readonly Document[]): Promise<void> {
      const body = {
        action: 'database.insertDocument',
        collectionName: collection,
        data: documents.map(canonicalJson),
      };
      const response = await fetch(`${url}/admin`, { method: 'POST', body: JSON.stringify(body) });
      const answer = (await response.json()) as { code?: string; message?: string };
      if (answer.code !== undefined) throw new Error(`${answer.code} ${answer.message}`);
    },
    get: async (collection: string, id: string) => (await dump(collection)).find((document) => document._id === id),
    /** Every change since the cloud was started, as text: equal texts mean that nothing was written. */
    commits: () => read('log'),
    files: async () => readLines(await read('files')) as unknown as readonly { path: string }[],
    /** How often each fault rule in force was matched, and how often it acted. */
    fired: async () => JSON.parse(await read('faults')) as readonly { matched: number; fired: number }[],
  };
}

/** What the function answered; throws where the platform answered in its place. */
export function resultOf(answer: Platform): Answer {
  if ('result' in answer) return answer.result as Answer;
  throw new Error(`${answer.errCode} ${answer.errMsg}`);
}

async function invokeText(url: string, name: string, { text, openid }: { text: string; openid: string }) {
  const headers = { 'content-type': 'application/json', 'x-wx-openid': openid };
  const response = await fetch(`${url}/invoke/${name}`, { method: 'POST', headers, body: text });
  return (await response.json()) as Platform;
}

async function mustSucceed(response: Response): Promise<void> {
  if (!response.ok) throw new Error(await response.text());
  await response.arrayBuffer();
}

function readLines(text: string): Document[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line, reviveDate) as Document);
}

function reviveDate(_key: string, value: unknown): unknown {
  const isDate = typeof value === 'object' && value !== null && Object.keys(value).join() === '$date';
  return isDate ? new Date((value as { $date: string | number }).$date) : value;
}

/** A person with room for every picture, as `users` holds them. */
export function person(openid: string, fields: Readonly<Record<string, unknown>> = {}): Document {
  return { _id: userId(testHash, openid), openid, credits: 20, generateCount: 0, vipLevel: 0, ...fields };
}

/** The `_id` of the record that this request leaves. */
export const workIdOf = (openid: string, requestId: string): string => recordId(testHash, openid, requestId);

/** The `_id` of a registered person. */
export const userIdOf = (openid: string): string => userId(testHash, openid);
