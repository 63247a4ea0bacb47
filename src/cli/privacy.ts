import { printable } from '../core/index.ts';

/** A person's openid as it may be shown: its ends only. */
export function maskOpenid(openid: string): string {
  return openid.length > 10 ? printable(`${openid.slice(0, 4)}…${openid.slice(-4)}`) : '…';
}

/** An id of a document, as it may be shown: where an app made it of the openid, masked. */
export function maskId(id: string): string {
  return /^o[\w-]{27}$/.test(id) ? maskOpenid(id) : printable(id);
}
