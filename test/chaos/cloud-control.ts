/** What the local cloud tells and is told beside its protocol. */
import { TIMER_CALLER } from '../support/local-cloud.ts';
import { createHash } from 'node:crypto';
import { collections } from '../../src/records/index.ts';
import type { Document } from '../../src/store/index.ts';
import { canonicalJson } from '../../src/core/index.ts';
import type { FaultRule } from './history.ts';
import type { Reply } from './clients.ts';

/** A change, as the local cloud's log has it. */
export interface Entry {
  readonly atMs: number;
  readonly op: string;
  readonly collection: string;
  readonly id?: string;
  readonly document?: Document;
}

/** What was painted for a prompt, by the prompt's hash; every local cloud paints the same. */
const pictures = new Map<string, string>();

export type CloudControl = ReturnType<typeof createCloudControl>;

export function createCloudControl(url: () => string) {
  const read = async (path: string): Promise<string> => (await mustSucceed(await fetch(`${url()}${path}`))).text();
  const load = async (collection: string, documents: readonly Document[]): Promise<void> => {
    const body = documents.map(canonicalJson).join('\n');
    await mustSucceed(await fetch(`${url()}/_emulator/collections/${collection}`, { method: 'PUT', body }));
  };
  const pictureUrl = (promptSha256: string): string => `${url()}/_provider/pictures/${promptSha256}.png`;
  const allOrders = async (): Promise<readonly Order[]> => readLines<Order>(await read('/_provider/calls'));
  let logLength = 0;
  let ordersBefore = 0;
  return {
    load,
    /** Empties all collections. */
    async empty(): Promise<void> {
      for (const name of Object.values(collections)) await load(name, []);
      logLength = (await read('/_emulator/log')).length;
      ordersBefore = (await allOrders()).length;
    },
    dump: async (collection: string) => readLines<Document>(await read(`/_emulator/collections/${collection}`)),
    /** Every change since the collections were emptied. */
    log: async () => readLines<Entry>((await read('/_emulator/log')).slice(logLength)),
    files: async () => readLines<{ path: string; sha256: string }>(await read('/_emulator/files')),
    /** What the image service was ordered since then. */
    orders: async () => (await allOrders()).slice(ordersBefore),
    pictureUrl,
    /** Of the bytes of the picture that is painted for a prompt: always the same. */
    async pictureHash(promptSha256: string): Promise<string> {
      const known = pictures.get(promptSha256);
      if (known !== undefined) return known;
      const response = await mustSucceed(await fetch(pictureUrl(promptSha256)));
      const hash = createHash('sha256')
        .update(new Uint8Array(await response.arrayBuffer()))
        .digest('hex');
      pictures.set(promptSha256, hash);
      return hash;
    },
    async setFaults(rules: readonly FaultRule[]): Promise<void> {
      await mustSucceed(await fetch(`${url()}/_emulator/faults`, { method: 'PUT', body: JSON.stringify(rules) }));
    },
    /** How often each rule acted, in the order in which they were set. */
    fired: async () => (JSON.parse(await read('/_emulator/faults')) as { fired: number }[]).map(({ fired }) => fired),
    /** As a mini program calls, or, without `openid`, a timer; undefined where the connection broke. */
    async send(name: string, event: unknown, openid?: string): Promise<Reply> {
      const headers = {
        'content-type': 'application/json',
        ...(openid ? { 'x-wx-openid': openid } : { 'x-wx-source': TIMER_CALLER.source }),
      };
      try {
        const response = await fetch(`${url()}/invoke/${name}`, {
          method: 'POST',
          headers,
          body: JSON.stringify(event),
        });
        return (await response.json()) as Reply;
      } catch {
        return undefined;
      }
    },
  };
}

/** What the image service was ordered. */
export interface Order {
  readonly atMs: number;
  readonly requestId: string | null;
  readonly promptSha256: string;
  readonly outcome: 'painted' | 'refused';
}

async function mustSucceed(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
}

function readLines<T>(text: string): T[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line, reviveDate) as T);
}

function reviveDate(_key: string, value: unknown): unknown {
  const isDate = typeof value === 'object' && value !== null && Object.keys(value).join() === '$date';
  return isDate ? new Date((value as { $date: string | number }).$date) : value;
}
