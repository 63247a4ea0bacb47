import { asDurableError, isDurableError, type Deadline } from '../core/index.ts';
import {
  createRetrier,
  pagesOf,
  readPhaseCheckpoint,
  retried,
  walkPages,
  WIDTH,
  type DurableWriterDeps,
  type PhaseCheckpoint,
  type Retrier,
  type WalkReport,
} from '../durable/index.ts';
import { addFinding, collections, concludeFindings, type Finding, type FoundSoFar } from '../records/index.ts';
import { is, type PageKey } from '../store/index.ts';
import { pruneLetters } from './retention-letters.ts';
import { readPolicy, RETENTION_FINDINGS, type RetentionOptions, type RetentionPolicy } from './retention-plan.ts';

export interface RetentionDeps extends DurableWriterDeps {
  /** The dead-letter collection. @default 'emergency_backup' */
  readonly deadLetters?: string;
}

export const retentionPhases = ['letters', 'reports'] as const;
export type RetentionPhase = (typeof retentionPhases)[number];

export type RetentionCheckpoint = PhaseCheckpoint<RetentionPhase>;

/** A stored value as a checkpoint of retention; undefined for what is none. */
export const readRetentionCheckpoint = (stored: unknown): RetentionCheckpoint | undefined =>
  readPhaseCheckpoint(stored, retentionPhases);

export interface PruneRequest {
  /** Nothing further is begun after it. */
  readonly deadline: Deadline;
  /** Where an earlier run stopped. */
  readonly from?: RetentionCheckpoint | undefined;
  /** Only say what would go. @default false */
  readonly dryRun?: boolean;
}

export interface RetentionReport {
  readonly dryRun: boolean;
  /** `done` went (or would), `skipped` stay although they are old enough; phases not reached are absent. */
  readonly phases: Readonly<Partial<Record<RetentionPhase, WalkReport>>>;
  /** Why letters stay. */
  readonly findings: readonly Finding[];
  /** What went, or would: at most the first 1,000; the phases say how many. */
  readonly removals: readonly { readonly collection: string; readonly id: string }[];
  /** Present when the deadline came first. */
  readonly checkpoint?: RetentionCheckpoint;
}

export interface Retention {
  /**
   * Removes recovered letters after 30 days and reports after 180, with the newest ten of them always kept. A letter goes
   * only where its final record is seen to say the same; works are never removed. May run at any time, any number of
   * times, also twice at once; killed at any step, the next run goes on.
   */
  prune(request: PruneRequest): Promise<RetentionReport>;
}

const MAX_LISTED = 1_000;
const REPORT_PAGE = 500;

/** Retention by this policy; throws `CONFIG_INVALID` for one that would keep nothing. */
export function createRetention(deps: RetentionDeps, options: RetentionOptions = {}): Retention {
  const policy = readPolicy(options);
  const retrier = createRetrier(deps);
  return { prune: (request) => prune({ ...deps, policy, retrier }, request) };
}

interface Parts extends RetentionDeps {
  readonly policy: RetentionPolicy;
  readonly retrier: Retrier;
}

type Removals = { collection: string; id: string }[];

async function prune(parts: Parts, { deadline, from, dryRun = false }: PruneRequest): Promise<RetentionReport> {
  const removals: Removals = [];
  const found: FoundSoFar = {};
  const note = (collection: string, id: string): void => {
    if (removals.length < MAX_LISTED) removals.push({ collection, id });
  };
  const round = { ...parts, deadline, dryRun, note, nowMs: parts.clock.now() };
  const keep = (kind: string, id: string): void => addFinding(found, kind, [id]);
  const walks: Record<RetentionPhase, (after: PageKey | undefined) => Promise<WalkReport>> = {
    letters: (after) =>
      pruneLetters({ ...round, keep, deadLetters: parts.deadLetters ?? collections.emergencyBackup }, after),
    reports: (after) => pruneReports(round, after),
  };
  const { phases, checkpoint } = await walkPhases(walks, from);
  const findings = concludeFindings(found, RETENTION_FINDINGS);
  parts.log.write('info', 'retention.done', {
    dryRun,
    letters: phases.letters?.done,
    reports: phases.reports?.done,
    kept: findings.map(({ kind, count }) => `${kind}:${count}`),
  });
  return { dryRun, phases, findings, removals, ...(checkpoint ? { checkpoint } : {}) };
}

async function walkPhases(
  walks: Readonly<Record<RetentionPhase, (after: PageKey | undefined) => Promise<WalkReport>>>,
  from: RetentionCheckpoint | undefined,
): Promise<Pick<RetentionReport, 'phases' | 'checkpoint'>> {
  const phases: Partial<Record<RetentionPhase, WalkReport>> = {};
  for (const phase of retentionPhases.slice(Math.max(0, retentionPhases.indexOf(from?.phase ?? 'letters')))) {
    const after = phase === from?.phase ? from.after : undefined;
    const report = await walks[phase](after).catch((error: unknown) => stoppedAt(error, after));
    phases[phase] = report;
    if (report.checkpoint) return { phases, checkpoint: { phase, after: report.checkpoint } };
  }
  return { phases };
}

// A phase that cannot read is reported, and the others run all the same.
function stoppedAt(error: unknown, after: PageKey | undefined): WalkReport {
  if (isDurableError(error, 'DEADLINE_PASSED'))
    return { done: 0, skipped: 0, failed: [], checkpoint: after ?? { id: '' } };
  return { done: 0, skipped: 0, failed: [{ id: '', code: asDurableError(error).code }] };
}

interface Round extends Parts {
  readonly deadline: Deadline;
  readonly dryRun: boolean;
  readonly nowMs: number;
  note(collection: string, id: string): void;
}

async function pruneReports(round: Round, after: PageKey | undefined): Promise<WalkReport> {
  const { store, retrier, policy, deadline, nowMs, dryRun, note } = round;
  const collection = collections.integrityReports;
  const oldestKept = await oldestOfNewest(round);
  if (oldestKept === undefined) return { done: 0, skipped: 0, failed: [] };
  const where = { _id: is.below(oldestKept), startedAt: is.below(new Date(nowMs - policy.reportKeepMs)) };
  const what = { collection, where, limit: REPORT_PAGE, fields: ['startedAt'] };
  return walkPages({
    deadline,
    after,
    width: WIDTH,
    read: pagesOf({ store, writer: { retrier } }, what, deadline),
    async visit({ _id: id }) {
      if (!dryRun) await removeReport(round, id);
      note(collection, id);
      return true;
    },
  });
}

async function removeReport({ store, retrier, deadline }: Round, id: string): Promise<void> {
  const collection = collections.integrityReports;
  await retried(retrier, { key: collection, deadline }, (call) => store.remove(collection, { id }, call));
}

/** The id of the oldest of the reports that are always kept, or undefined where there are no more than those. */
async function oldestOfNewest({ store, retrier, policy, deadline }: Round): Promise<string | undefined> {
  const collection = collections.integrityReports;
  const limit = policy.reportKeepLast;
  const request = { direction: 'desc', limit, fields: ['startedAt'] } as const;
  const tried = await retrier.attempt({ key: collection, deadline }, (timeoutMs) =>
    store.page(collection, request, { timeoutMs, deadline }),
  );
  if (tried.ok) return tried.value.items.length < limit ? undefined : tried.value.items.at(-1)?._id;
  if (tried.error.code === 'STORE_NOT_FOUND') return undefined;
  throw tried.error;
}
