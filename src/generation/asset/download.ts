import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { createDeadline, readAtMost, withTimeout, type Clock, type Deadline } from '../../core/index.ts';
import { isPublicAddress, publicLookup, type Lookup } from './addresses.ts';

/** What became of a download. */
export type Downloaded =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** The address may not be fetched, or holds more than it may. Asking again changes nothing. */
  | { readonly kind: 'refused'; readonly why: string }
  /** The host says that nothing is there: expired perhaps, perhaps a node that does not know it yet. */
  | { readonly kind: 'gone'; readonly why: string }
  /** It did not work this time. */
  | { readonly kind: 'failed'; readonly why: string };

/** Fetches the bytes behind an address that somebody else chose. */
export type Download = (url: string, deadline: Deadline) => Promise<Downloaded>;

export interface DownloadOptions {
  readonly clock: Clock;
  /** Besides https to public hosts, these origins are allowed: the configured services themselves. */
  readonly trustedOrigins?: readonly string[] | undefined;
  /** @default 20_000_000 */
  readonly maxBytes?: number;
  /** @default 10_000 */
  readonly maxMs?: number;
  readonly lookup?: Lookup;
}

const MAX_REDIRECTS = 3;

/**
 * A download that an image service cannot turn against us: https to public hosts only (or a configured
 * origin), checked again at every redirect and on the address that is really connected to; bounded in bytes
 * and time. It carries no credentials.
 */
export function createDownload(options: DownloadOptions): Download {
  const { clock, maxMs = 10_000 } = options;
  return async (url, deadline) => {
    const bounded = createDeadline(clock, Math.min(deadline.atMs, clock.now() + maxMs));
    let next = url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const target = admit(next, options.trustedOrigins);
      if (!target) return { kind: 'refused', why: 'the address is not https to a public host' };
      const step = await fetchOnce(options, target, bounded);
      if (step.kind !== 'redirect') return step;
      next = step.to;
    }
    return { kind: 'refused', why: 'too many redirects' };
  };
}

interface Target {
  readonly url: URL;
  readonly isTrusted: boolean;
}

function admit(address: string, trustedOrigins: readonly string[] = []): Target | undefined {
  const url = parseUrl(address);
  if (!url || url.username !== '' || url.password !== '') return undefined;
  if (trustedOrigins.includes(url.origin)) return { url, isTrusted: true };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A name is checked when it is looked up; a literal address never is, so it is checked here.
  const isHost = isIP(host) === 0 ? host.includes('.') : isPublicAddress(host);
  // Another port than that of https is no picture's: it would knock at somebody's doors for somebody else.
  return url.protocol === 'https:' && url.port === '' && isHost ? { url, isTrusted: false } : undefined;
}

function parseUrl(address: string, base?: URL): URL | undefined {
  try {
    return new URL(address, base);
  } catch {
    return undefined;
  }
}

type Step = Downloaded | { readonly kind: 'redirect'; readonly to: string };

async function fetchOnce(options: DownloadOptions, { url, isTrusted }: Target, deadline: Deadline): Promise<Step> {
  const limitMs = deadline.remainingMs();
  if (limitMs <= 0) return { kind: 'failed', why: 'no time was left' };
  // No shared connections: one left open would be frozen with the function.
  const settings: RequestOptions = { agent: false, headers: { accept: 'image/*' } };
  if (!isTrusted) settings.lookup = publicLookup(options.lookup);
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const request = send(url, settings);
  const answer = new Promise<Step>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      readResponse(response, { url, maxBytes: options.maxBytes }).then(resolve, reject);
    });
  });
  request.end();
  try {
    return await withTimeout(options.clock, limitMs, answer, () => new Error('no answer in time'));
  } catch (error) {
    return { kind: 'failed', why: error instanceof Error ? error.message : 'the download failed' };
  } finally {
    request.destroy();
  }
}

async function readResponse(
  response: IncomingMessage,
  { url, maxBytes = 20_000_000 }: { readonly url: URL; readonly maxBytes: number | undefined },
): Promise<Step> {
  const { statusCode = 0, headers } = response;
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
    const to = parseUrl(headers.location, url);
    return to ? { kind: 'redirect', to: to.href } : { kind: 'refused', why: 'the redirect leads nowhere' };
  }
  // Expired or forbidden addresses mostly stay so; being too early, too slow or too many may pass.
  if (statusCode >= 400 && statusCode < 500 && ![408, 425, 429].includes(statusCode))
    return { kind: 'gone', why: `HTTP ${statusCode}` };
  if (statusCode !== 200) return { kind: 'failed', why: `HTTP ${statusCode}` };
  const bytes = await readAtMost(maxBytes, response as AsyncIterable<Buffer>, Number(headers['content-length'] ?? 0));
  return bytes ? { kind: 'bytes', bytes } : { kind: 'refused', why: `more than ${maxBytes} bytes` };
}
