import { attemptName, createDeadline, isDurableError, type Clock, type Code, type Deadline } from '../core/index.ts';
import type { Asset } from '../records/index.ts';
import type { Blobs } from '../store/index.ts';
import { exchange, type Fetch, type Picture } from './providers/index.ts';

export interface AssetDeps {
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly blobs?: Blobs | undefined;
}

export interface CopyRequest {
  readonly picture: Picture;
  readonly id: string;
  readonly attempt: number;
  readonly deadline: Deadline;
  readonly trustedOrigin?: string | undefined;
}

const MAX_BYTES = 20_000_000;
const MAX_FETCH_MS = 10_000;

/** First bytes of the image types that a mini program shows. */
const TYPES: readonly (readonly [contentType: string, extension: string, magic: readonly number[], at: number])[] = [
  ['image/png', 'png', [0x89, 0x50, 0x4e, 0x47], 0],
  ['image/jpeg', 'jpg', [0xff, 0xd8, 0xff], 0],
  ['image/webp', 'webp', [0x57, 0x45, 0x42, 0x50], 8],
  ['image/gif', 'gif', [0x47, 0x49, 0x46, 0x38], 0],
];

/**
 * Copies a picture into cloud storage under a name made of record id and attempt, since providers' addresses
 * expire. Never rejects: what could not be copied is `pending`, with the reason, and a later job tries again.
 */
export async function copyPicture(deps: AssetDeps, request: CopyRequest): Promise<Asset> {
  const sourceUrl = 'url' in request.picture ? request.picture.url : null;
  const pending = (error: Code): Asset => ({
    state: 'pending',
    fileId: null,
    sourceUrl,
    bytes: null,
    contentType: null,
    error,
  });
  const bytes =
    'bytes' in request.picture ? request.picture.bytes : await fetchPicture(deps, request.picture.url, request);
  if (!bytes) return pending('ASSET_REFUSED');
  const type = TYPES.find(([, , magic, at]) => magic.every((byte, index) => bytes[at + index] === byte));
  if (!type || bytes.length > MAX_BYTES) return pending('ASSET_REFUSED');
  if (!deps.blobs) return pending('CONFIG_INVALID');
  const [contentType, extension] = type;
  const name = `wx-durable/pictures/${attemptName(request.id, request.attempt)}.${extension}`;
  try {
    const call = { deadline: request.deadline, timeoutMs: MAX_FETCH_MS };
    const fileId = await deps.blobs.put(name, bytes, call);
    return { state: 'copied', fileId, sourceUrl, bytes: bytes.length, contentType, error: null };
  } catch (error) {
    return pending(isDurableError(error) ? error.code : 'INTERNAL');
  }
}

async function fetchPicture(deps: AssetDeps, url: string, request: CopyRequest): Promise<Uint8Array | undefined> {
  if (!isAllowed(url, request.trustedOrigin)) return undefined;
  const byMs = Math.min(request.deadline.atMs, deps.clock.now() + MAX_FETCH_MS);
  const deadline = createDeadline(deps.clock, byMs);
  const answer = await exchange(deps, { url, deadline, maxBytes: MAX_BYTES });
  return answer.kind === 'answered' && answer.status === 200 ? answer.body : undefined;
}

// The address comes from outside: only https, or the very service that was configured.
function isAllowed(url: string, trustedOrigin: string | undefined): boolean {
  try {
    const { protocol, origin } = new URL(url);
    return protocol === 'https:' || origin === trustedOrigin;
  } catch {
    return false;
  }
}
