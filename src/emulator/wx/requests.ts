import { networkTrouble } from './failure.ts';
import type { Network } from './network.ts';

/** An answer that has been read to its end. */
export interface Answer {
  readonly status: number;
  readonly content: Blob;
}

/** Requests of one phone. */
export interface Requests {
  /** Rejects with a reason where there is no answer, or no end of it. */
  send(url: string, init?: RequestInit): Promise<Answer>;
}

const OFFLINE = 'net::ERR_INTERNET_DISCONNECTED';

/** Requests over `network`, each given up after `timeoutMs`. */
export function createRequests(network: Network, timeoutMs: number): Requests {
  return {
    async send(url, init) {
      if (!network.status().isConnected) throw networkTrouble(OFFLINE);
      const giveUp = new AbortController();
      const stopListening = network.onChange(({ isConnected }) => {
        if (!isConnected) giveUp.abort(networkTrouble(OFFLINE));
      });
      const timer = setTimeout(() => giveUp.abort(networkTrouble('timeout')), timeoutMs);
      try {
        const response = await fetch(url, { ...init, signal: giveUp.signal });
        return { status: response.status, content: await response.blob() };
      } catch (error) {
        throw giveUp.signal.aborted ? giveUp.signal.reason : networkTrouble(describe(error));
      } finally {
        clearTimeout(timer);
        stopListening();
      }
    },
  };
}

/** An answer as JSON; a reason to fail for anything else. */
export async function readJson({ status, content }: Answer): Promise<Readonly<Record<string, unknown>>> {
  try {
    const value: unknown = JSON.parse(await content.text());
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // A gateway's page in the place of an answer.
  }
  throw networkTrouble(`status ${status}`);
}

/** Node says what happened to the connection in the cause, browsers in no place at all. */
function describe(error: unknown): string {
  const { cause, message } = error as Error;
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : message;
}
