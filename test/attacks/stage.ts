/** What every attack is judged by: what was asked of the database, what changed, what was paid, what was printed. */
import { expect } from 'vitest';
import { createLocalCloud, type Answer, type LocalCloud, type LocalCloudOptions } from '../support/local-cloud.ts';

/** The deployment's key. */
export const KEY = '0123456789abcdef'.repeat(4);

/** A request of the SDK as it reached the cloud; queries and updates are texts. */
export interface SentRequest {
  readonly n: number;
  readonly action: string;
  readonly collectionName?: string;
  readonly query?: string;
  readonly data?: unknown;
}

/** A local cloud as `init` leaves it, with its functions as they are uploaded. */
export type AttackStage = Awaited<ReturnType<typeof createAttackStage>>;

const MORE_COLLECTIONS = ['durable_jobs', 'integrity_reports', 'durable_alerts'] as const;

export async function createAttackStage(options: LocalCloudOptions = {}) {
  const cloud = await createLocalCloud(options);
  for (const name of MORE_COLLECTIONS) await cloud.load(name, []);
  return { ...cloud, ...createWitness(cloud) };
}

function createWitness(cloud: LocalCloud) {
  const requests = (method: string) => fetch(`${cloud.url}/_emulator/requests`, { method });
  /** All that stands: every document of every collection, every file, every order that was paid. */
  const state = async (): Promise<string> => {
    const listed = (await (await fetch(`${cloud.url}/_emulator/collections`)).json()) as object;
    const names = Array.isArray(listed) ? listed.map(nameOf) : Object.keys(listed);
    const documents = await Promise.all(names.map(async (name) => [name, await cloud.dump(name)] as const));
    return JSON.stringify({ documents, files: await cloud.files(), paid: cloud.pictureCalls() });
  };
  /** Runs it, and answers beside its value every request that the SDK sent meanwhile. */
  const watched = async <T>(run: () => Promise<T>): Promise<{ value: T; sent: readonly SentRequest[] }> => {
    await requests('PUT');
    const value = await run();
    const text = await (await requests('GET')).text();
    await requests('DELETE');
    const lines = text.split('\n').filter((line) => line !== '');
    return { value, sent: lines.map((line) => JSON.parse(line) as SentRequest) };
  };
  /** What functions printed while it ran. */
  const heard = async (run: () => Promise<unknown>): Promise<string> => {
    const before = cloud.printed.length;
    await run();
    return cloud.printed.slice(before).join('');
  };
  /** Proves that it changed nothing, paid nothing, and answers its value with what was sent. */
  const harmless = async <T>(run: () => Promise<T>): Promise<{ value: T; sent: readonly SentRequest[] }> => {
    const before = await state();
    const seen = await watched(run);
    expect(await state()).toBe(before);
    return seen;
  };
  return { state, watched, heard, harmless };
}

const nameOf = (item: unknown): string => (typeof item === 'string' ? item : String((item as { name: unknown }).name));

/** What no answer to anybody may hold: where the code is, how it runs, and other people. */
const NEVER_TOLD = /node_modules|\.[cm]?[jt]s:\d|\n\s+at |TENCENTCLOUD|SECRET|SCF_|WX_DURABLE_KEY|oVictim/;

/** Proves that an answer is a refusal by this code, and tells nothing that it should not. */
export function expectRefusal(answer: Answer, code: number, error: string): void {
  expect(answer).toEqual({
    code,
    message: expect.stringMatching(/[\u4e00-\u9fff]/) as unknown,
    error: { code: error, category: expect.any(String) as unknown },
    requestId: expect.any(String) as unknown,
  });
  expect(JSON.stringify(answer)).not.toMatch(NEVER_TOLD);
}

/** Every key of an update or query operator in these requests, with the path that leads to it. */
export function operatorsIn(sent: readonly SentRequest[]): readonly string[] {
  const found: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      const place = Array.isArray(value) ? path : `${path}/${key}`;
      if (key.startsWith('$')) found.push(place);
      walk(item, place);
    }
  };
  for (const { query, data } of sent) {
    for (const text of [query, ...(Array.isArray(data) ? (data as unknown[]) : [data])]) {
      if (typeof text === 'string' && text !== '') walk(JSON.parse(text), '');
    }
  }
  return found;
}

/** The middle one of several runs' times, milliseconds. */
export async function medianMs(times: number, run: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let round = 0; round < times; round += 1) {
    const startedAt = performance.now();
    await run();
    taken.push(performance.now() - startedAt);
  }
  return taken.sort((a, b) => a - b)[Math.floor(times / 2)] ?? NaN;
}
