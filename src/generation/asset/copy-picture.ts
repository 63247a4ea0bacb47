import { attemptName, isDurableError, type Clock, type Code, type Deadline } from '../../core/index.ts';
import type { Asset } from '../../records/index.ts';
import type { Blobs } from '../../store/index.ts';
import type { Picture } from '../providers/index.ts';
import type { Download } from './download.ts';

export interface AssetDeps {
  readonly clock: Clock;
  readonly download: Download;
  readonly blobs?: Blobs | undefined;
}

export interface CopyRequest {
  readonly picture: Picture;
  readonly id: string;
  readonly attempt: number;
  readonly deadline: Deadline;
}

const MAX_BYTES = 20_000_000;
const MAX_PUT_MS = 10_000;

const NOT_COPIED = { state: 'pending', fileId: null, bytes: null, contentType: null } as const;

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
  const { picture } = request;
  const sourceUrl = 'url' in picture ? picture.url : null;
  const pending = (error: Code): Asset => ({ ...NOT_COPIED, sourceUrl, error });
  const fetched =
    'bytes' in picture
      ? { kind: 'bytes' as const, bytes: picture.bytes }
      : await deps.download(picture.url, request.deadline);
  if (fetched.kind === 'refused') return pending('ASSET_REFUSED');
  if (fetched.kind === 'failed') return pending('ASSET_UNAVAILABLE');
  const { bytes } = fetched;
  const type = TYPES.find(([, , magic, at]) => magic.every((byte, index) => bytes[at + index] === byte));
  if (!type || bytes.length > MAX_BYTES) return pending('ASSET_REFUSED');
  if (!deps.blobs) return pending('CONFIG_INVALID');
  const [contentType, extension] = type;
  const name = `wx-durable/pictures/${attemptName(request.id, request.attempt)}.${extension}`;
  try {
    const call = { deadline: request.deadline, timeoutMs: MAX_PUT_MS };
    const fileId = await deps.blobs.put(name, bytes, call);
    return { state: 'copied', fileId, sourceUrl, bytes: bytes.length, contentType, error: null };
  } catch (error) {
    return pending(isDurableError(error) ? error.code : 'INTERNAL');
  }
}
