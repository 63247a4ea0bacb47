import type { Clock } from '../../core/index.ts';
import type { CallOptions, Filter } from '../index.ts';
import { boundedCall, type Bounds } from './bounded-call.ts';
import { toWhere } from './query.ts';
import type { Cloud, Database, Query } from './sdk.ts';

/** The SDK waits 15 s for an answer; a function that lives 3 s cannot. */
const DEFAULT_TIMEOUT_MS = 1_500;

/** A link in other hands: made here, handed to `pagesOver`, and read by nobody else. */
export interface LinkHandle {
  readonly __link?: never;
}

/** The way to the database that all statements share. */
export interface Link extends LinkHandle {
  db(): Database;
  ask<T>(what: string, call: CallOptions | undefined, run: () => Promise<T>): Promise<T>;
  /** What satisfies the filter, and a condition in the SDK's own terms where one is given. */
  select(name: string, where?: Filter, besides?: unknown): Query;
}

/** The database is opened on the first statement. */
export function openLink(cloud: Cloud, clock: Clock): Link {
  const bounds: Bounds = { clock, defaultTimeoutMs: DEFAULT_TIMEOUT_MS };
  let opened: Database | undefined;
  const db = (): Database => (opened ??= cloud.database() as Database);
  return {
    db,
    ask: (what, call, run) => boundedCall(bounds, { what, call }, run),
    select: (name, where = {}, besides) => {
      const base = toWhere(db().command, where);
      return db()
        .collection(name)
        .where(besides ? db().command.and([base, besides]) : base);
    },
  };
}
