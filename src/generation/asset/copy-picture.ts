import { attemptName, type Clock, type Code, type Deadline } from '../../core/index.ts';
import type { Retrier } from '../../durable/index.ts';
import type { Asset, CopyRetry } from '../../records/index.ts';
import type { Blobs } from '../../store/index.ts';
import type { Picture } from '../providers/index.ts';
import type { Download } from './download.ts';
import { imageTypeOf } from './image-type.ts';
import { planRetry, type CopyFailure } from './plan-retry.ts';

export interface AssetDeps {
  readonly clock: Clock;
  readonly download: Download;
  readonly blobs?: Blobs | undefined;
  readonly writer: { readonly retrier: Retrier };
}

export interface CopyRequest {
  readonly picture: Picture;
  readonly id: string;
  readonly attempt: number;
  readonly deadline: Deadline;
  /** When the picture's address is expected to die. */
  readonly expiresAtMs: number;
  /** What earlier tries left. */
  readonly earlier?: CopyRetry | undefined;
}

const MAX_BYTES = 20_000_000;
/** One attempt to store: the upload and the reading back. */
const MAX_ATTEMPT_MS = 20_000;
/** Bytes have no address to come back to; a picture with one is copied later, and somebody waits. */
const ATTEMPTS = { bytes: 3, url: 2 } as const;

type Copied = Pick<Asset, 'fileId' | 'bytes' | 'contentType'>;
interface Failed {
  readonly failure: CopyFailure;
  readonly error: Code;
  /** It was storage and not the address. */
  readonly isOurs?: true;
}

/**
 * Copies a picture into cloud storage under a name made of record id and attempt, since providers' addresses
 * expire. Never rejects: what could not be copied is `pending` with the reason and the time of the next try, or
 * `lost` where trying again is in vain.
 */
export async function copyPicture(deps: AssetDeps, request: CopyRequest): Promise<Asset> {
  const { picture, earlier, expiresAtMs } = request;
  const sourceUrl = 'url' in picture ? picture.url : null;
  const outcome = await tryCopy(deps, request);
  if (!('failure' in outcome)) return { state: 'copied', ...outcome, sourceUrl, error: null };
  const { failure, error, isOurs = false } = outcome;
  const plan = planRetry(failure, { nowMs: deps.clock.now(), expiresAtMs, earlier, isOurs });
  return { fileId: null, bytes: null, contentType: null, sourceUrl, error, ...plan };
}

async function tryCopy(deps: AssetDeps, request: CopyRequest): Promise<Copied | Failed> {
  const { picture, deadline } = request;
  const fetched =
    'url' in picture ? await deps.download(picture.url, deadline) : { ...picture, kind: 'bytes' as const };
  if (fetched.kind === 'failed') return { failure: 'failed', error: 'ASSET_UNAVAILABLE' };
  if (fetched.kind !== 'bytes') return { failure: fetched.kind, error: 'ASSET_REFUSED' };
  const { bytes } = fetched;
  const type = imageTypeOf(bytes);
  // A page that says "expired" comes with status 200 too.
  if (!type) return { failure: 'gone', error: 'ASSET_REFUSED' };
  if (bytes.length > MAX_BYTES) return { failure: 'refused', error: 'ASSET_REFUSED' };
  const { contentType, extension } = type;
  const stored = await put(deps, request, { extension, bytes });
  if (!stored.ok) return { failure: 'failed', error: stored.error.code, isOurs: true };
  return { fileId: stored.value, bytes: bytes.length, contentType };
}

// The same name holds the same bytes, so an upload whose answer was lost may be repeated.
async function put(
  { blobs, writer }: AssetDeps,
  { picture, id, attempt, deadline }: CopyRequest,
  { extension, bytes }: { readonly extension: string; readonly bytes: Uint8Array },
): Promise<{ ok: true; value: string } | { ok: false; error: { readonly code: Code } }> {
  if (!blobs) return { ok: false, error: { code: 'CONFIG_INVALID' } };
  const name = `wx-durable/pictures/${attemptName(id, attempt)}.${extension}`;
  const budget = {
    key: 'pictures',
    deadline,
    recordId: id,
    maxAttempts: 'url' in picture ? ATTEMPTS.url : ATTEMPTS.bytes,
    // An upload can hang for ever: half of the time is left for another attempt.
    attemptTimeoutMs: Math.min(MAX_ATTEMPT_MS, deadline.remainingMs() / 2),
  };
  return writer.retrier.attempt(budget, (timeoutMs) => blobs.put(name, bytes, { timeoutMs: timeoutMs / 2, deadline }));
}
