/** The people's side: what they ask, and what they were told. It keeps the truth about promises. */
import { recordId } from '../../src/core/index.ts';
import type { Answer, Said } from '../simulation/histories/truth.ts';
import { testHash } from '../support/ports.ts';
import type { Look, Wish } from './history.ts';

/** What a cloud answers a call, or that the connection broke. */
export type Reply = { readonly result: unknown } | { readonly errCode: number; readonly errMsg: string } | undefined;

/** Sends an event to a function, as a mini program or a timer. */
export type Send = (name: string, event: unknown, openid?: string) => Promise<Reply>;

/** A call that was answered, before it is known how many commits stood then. */
export type Told = Omit<Answer, 'seq'>;

export interface Clients {
  /** Answers what came of it, for a reader. */
  wish(openid: string, wish: Wish): Promise<string>;
  look(openid: string, look: Look): Promise<string>;
  readonly answers: readonly Told[];
  /** Keys whose owners were told that they are deleted. */
  readonly deleted: readonly string[];
  /** What no fault excuses: a function that threw, or an error that nobody expected. */
  readonly oddities: readonly string[];
}

export const keyOf = (openid: string, request: string): string => recordId(testHash, openid, request);

interface Envelope {
  readonly code: number;
  readonly data?: { readonly imageUrl: string; readonly savedIn: 'works' | 'emergency_backup' | 'storage' | 'log' };
  readonly error?: { readonly code: string };
}

export function createClients(send: Send, now: () => number): Clients {
  const answers: Told[] = [];
  const deleted: string[] = [];
  const oddities: string[] = [];
  const ask = async (openid: string, wish: Wish): Promise<Said> => {
    const { prompt, request: requestId, retryUnknown } = wish;
    const data = { prompt, requestId, ...(retryUnknown ? { retryUnknown } : {}) };
    const reply = await send('generateImage', { action: 'generate', data }, openid);
    const said = saidIn(reply);
    const key = keyOf(openid, requestId);
    answers.push({ key, openid, wish: prompt, retryUnknown, atMs: now(), said });
    const odd = oddIn(reply);
    if (odd !== undefined) oddities.push(`${key} was answered ${odd}`);
    return said;
  };
  return {
    answers,
    deleted,
    oddities,
    async wish(openid, wish) {
      let said = await ask(openid, wish);
      const heard = [said];
      // What the mini program does by itself: it asks again, and never to pay again.
      for (let left = wish.repeats; left > 0 && said.kind === 'nothing'; left -= 1) {
        said = await ask(openid, { ...wish, retryUnknown: false });
        heard.push(said);
      }
      return heard.map((one) => JSON.stringify(one)).join(', ');
    },
    async look(openid, { kind, request }) {
      const key = keyOf(openid, request);
      const event = { delete: { action: 'deleteWork', data: { workId: key } }, history: { action: 'getHistory' } };
      const reply = await send('generateImage', event[kind], openid);
      const odd = oddIn(reply);
      if (odd !== undefined) oddities.push(`${kind} of ${key} was answered ${odd}`);
      if (kind === 'delete' && envelopeIn(reply)?.code === 200) deleted.push(key);
      return String(envelopeIn(reply)?.code ?? 'nothing');
    },
  };
}

function saidIn(reply: Reply): Said {
  const envelope = envelopeIn(reply);
  // Under load the platform's limit may end a function that could not help it: that it was overdue is not claimed.
  if (envelope === undefined) return { kind: 'nothing', why: 'killed' };
  const { data, error } = envelope;
  if (data)
    return { kind: 'final', status: 'completed', replayed: false, imageUrl: data.imageUrl, savedIn: data.savedIn };
  if (error?.code === 'PROVIDER_FAILED')
    return { kind: 'final', status: 'failed', replayed: false, imageUrl: '', savedIn: 'works' };
  return { kind: 'error', code: String(error?.code) };
}

const envelopeIn = (reply: Reply): Envelope | undefined =>
  reply && 'result' in reply ? (reply.result as Envelope) : undefined;

/** What a killed instance, a broken connection and a function that is out of time are told by; anything else is ours. */
const EXCUSED = /instance was killed|timed out after/;

function oddIn(reply: Reply): string | undefined {
  if (reply && 'errCode' in reply) return EXCUSED.test(reply.errMsg) ? undefined : reply.errMsg;
  const { code } = envelopeIn(reply)?.error ?? {};
  return code === 'INTERNAL' || code === 'STORE_REJECTED' || code === 'STORE_NOT_FOUND' ? code : undefined;
}
