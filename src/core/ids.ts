import type { Hash } from './ports.ts';

/**
 * The `_id` of the record that a request leaves: `w_` and 32 hexadecimal characters of
 * sha256(openid, NUL, requestId). Same caller and request, same record, for ever; another caller with the
 * same request id has another record. It needs no storage to be found again.
 */
export function recordId(hash: Hash, openid: string, requestId: string): string {
  return `w_${hash.sha256(`${openid}\u0000${requestId}`).slice(0, 32)}`;
}

/** The `_id` given to a user who is registered on first use. */
export function userId(hash: Hash, openid: string): string {
  return `u_${hash.sha256(openid).slice(0, 32)}`;
}

/** Dead letters and copied pictures are named by record and attempt, so an older attempt never hides a newer one. */
export function attemptName(id: string, attempt: number): string {
  return `${id}_${attempt}`;
}
