import { randomBytes } from 'node:crypto';
import type { Caller } from './environment.ts';

/** One run of a function: who called, and how to end it. */
export interface Invocation {
  /** What the SDK sends with every request of this run. */
  readonly token: string;
  readonly function: string;
  readonly requestId: string;
  readonly caller: Caller;
  readonly workerId: string;
  readonly kill: () => undefined;
}

/** Ended runs that are still recognised: requests that a function did not wait for arrive late. */
const REMEMBERED = 2000;

/** The runs under way, found by the token or the instance of a request. */
export function createInvocations() {
  const tokens = new Map<string, Invocation>();
  const workers = new Map<string, Invocation>();
  return {
    begin(facts: Omit<Invocation, 'token'>): Invocation {
      const invocation = { ...facts, token: randomBytes(16).toString('hex') };
      tokens.set(invocation.token, invocation);
      workers.set(invocation.workerId, invocation);
      forgetOldest(tokens);
      return invocation;
    },
    end({ workerId, token }: Invocation): void {
      if (workers.get(workerId)?.token === token) workers.delete(workerId);
    },
    byToken: (token: string) => tokens.get(token),
    byWorker: (workerId: string) => workers.get(workerId),
  };
}

function forgetOldest(tokens: Map<string, Invocation>): void {
  if (tokens.size <= REMEMBERED) return;
  const [oldest] = tokens.keys();
  if (oldest !== undefined) tokens.delete(oldest);
}
