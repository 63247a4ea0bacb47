import { isDurableError, type Clock, type Deadline, type Log, type Random } from '../core/index.ts';
import { createRetrier, retried } from '../durable/index.ts';
import { collections, type IntegrityReport } from '../records/index.ts';
import type { CallOptions, Document, PageKey, Store } from '../store/index.ts';

export interface ReportsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface LatestRequest {
  readonly deadline: Deadline;
  /** From 1 to 100. @default 10 */
  readonly limit?: number;
  /** Reports before this one, as the `next` of an earlier answer. */
  readonly before?: PageKey | undefined;
}

export interface LatestReports {
  /** Newest first. */
  readonly reports: readonly IntegrityReport[];
  /** Present when there are older ones. */
  readonly next?: PageKey;
}

const MAX_REPORTS = 100;

/**
 * Stores a finished report once: its `_id` is its key, so that a repetition after a lost answer leaves one. Makes the
 * collection where `wx-durable init` was forgotten, since a report that nobody can read warns nobody.
 */
export async function storeReport(
  deps: ReportsDeps,
  report: IntegrityReport,
  deadline: Deadline,
): Promise<'stored' | 'duplicate'> {
  const { store } = deps;
  const document = { ...report } as unknown as Document;
  const answer = await ask(deps, deadline, async (call) => {
    try {
      return await store.insert(collections.integrityReports, document, call);
    } catch (error) {
      if (!isDurableError(error, 'STORE_NOT_FOUND')) throw error;
      await store.createCollection(collections.integrityReports, call);
      return store.insert(collections.integrityReports, document, call);
    }
  });
  return answer === 'inserted' ? 'stored' : 'duplicate';
}

/** The latest reports; their ids begin with the moment they were started, so the newest come first without an index. */
export async function latestReports(deps: ReportsDeps, request: LatestRequest): Promise<LatestReports> {
  const { deadline, limit = 10, before } = request;
  const page = { direction: 'desc', after: before, limit: Math.min(limit, MAX_REPORTS) } as const;
  try {
    const { items, next } = await ask(deps, deadline, (call) =>
      deps.store.page(collections.integrityReports, page, call),
    );
    const reports = items.filter(isReport);
    return { reports, ...(next ? { next } : {}) };
  } catch (error) {
    // No such collection, no such reports.
    if (isDurableError(error, 'STORE_NOT_FOUND')) return { reports: [] };
    throw error;
  }
}

// What a later version stored, or a hand, is not shown as if it were understood.
function isReport(document: Document): document is Document & IntegrityReport {
  const { schemaVersion, startedAt, finishedAt, sections, status } = document as Partial<IntegrityReport>;
  return (
    schemaVersion === 1 &&
    startedAt instanceof Date &&
    finishedAt instanceof Date &&
    Array.isArray(sections) &&
    (status === 'ok' || status === 'problems' || status === 'unknown')
  );
}

async function ask<T>(deps: ReportsDeps, deadline: Deadline, run: (call: CallOptions) => Promise<T>): Promise<T> {
  const budget = { key: collections.integrityReports, deadline };
  return retried(createRetrier(deps), budget, run);
}
