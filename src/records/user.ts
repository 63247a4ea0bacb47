import { DurableError } from '../core/index.ts';

/** What a user's own documents say about what they may do. */
export type UserType = 'admin' | 'vip' | 'free';

export interface Account {
  readonly id: string;
  readonly type: UserType;
  /** Missing or not a number counts as 0. */
  readonly credits: number;
  readonly generateCount: number;
  /** Uses per Beijing day. */
  readonly used: Fields;
  /** Openings per Beijing day, failed calls included. */
  readonly tries: Fields;
  readonly holds: Fields;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * A user's document, read with care: it may be older than this library. Throws `USER_INVALID` where a field
 * is broken in a way that would make a later update fail after the cost (`generateCount: null` cannot be
 * incremented), so that nothing is paid.
 */
export function readAccount(document: Fields): Account {
  const quota = objectIn(document, 'quota');
  counterIn(quota, 'open');
  counterIn(quota, 'seq');
  return {
    id: String(document['_id']),
    type: typeOf(document),
    credits: Number.isFinite(document['credits']) ? Number(document['credits']) : 0,
    generateCount: counterIn(document, 'generateCount'),
    used: objectIn(quota, 'used'),
    tries: objectIn(quota, 'tries'),
    holds: objectIn(quota, 'holds'),
  };
}

function typeOf(document: Fields): UserType {
  if (document['role'] === 'admin' || document['isAdmin'] === true) return 'admin';
  const { vipLevel } = document;
  return typeof vipLevel === 'number' && vipLevel > 0 ? 'vip' : 'free';
}

function objectIn(parent: Fields, field: string): Fields {
  const value = parent[field];
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw broken(field);
}

function counterIn(parent: Fields, field: string): number {
  const value = parent[field];
  if (value === undefined) return 0;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw broken(field);
}

function broken(field: string): DurableError {
  return new DurableError('USER_INVALID', `the user's field "${field}" is broken; repair the document`, {
    details: { field },
  });
}
