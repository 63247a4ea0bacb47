import { beijingDay, beijingMidnight, codes, type Plain } from '../../core/index.ts';
import { addFinding, momentOf, type FoundSoFar, type WorkStatus } from '../../records/index.ts';
import type { Document } from '../../store/index.ts';
import { anomaliesOf, fileIdOf } from './anomalies.ts';
import { keepSample, type SampledFile } from './file-sample.ts';
import { countDuration, percentileMs, type Histogram } from './histogram.ts';

/** Records of one Beijing day, by what became of them. */
type Day = { completed: number; failed: number; unknown: number; recovered: number };

/** What is known of the works so far; a type and not an interface, since only a type is plain data. */
export type WorksTally = {
  nowMs: number;
  total: number;
  byStatus: Record<WorkStatus | 'other', number>;
  recovered: number;
  deleted: number;
  /** Records older than this library. */
  older: number;
  /** The last 30 Beijing days, today first. */
  days: Day[];
  byErrorCode: Record<string, number>;
  unknownByAge: { underHour: number; underDay: number; older: number };
  generationMs: Histogram;
  saveMs: Histogram;
  saves: { measured: number; attempts: number; retried: number };
  sample: SampledFile[];
  found: FoundSoFar;
};

const DAYS = 30;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const KNOWN_CODES: ReadonlySet<unknown> = new Set(codes);

/** Nothing counted yet; everything is judged as of `nowMs`, however long the walk takes. */
export function emptyTally(nowMs: number): WorksTally {
  return {
    nowMs,
    total: 0,
    byStatus: { completed: 0, failed: 0, unknown: 0, other: 0 },
    recovered: 0,
    deleted: 0,
    older: 0,
    days: Array.from({ length: DAYS }, () => ({ completed: 0, failed: 0, unknown: 0, recovered: 0 })),
    byErrorCode: {},
    unknownByAge: { underHour: 0, underDay: 0, older: 0 },
    generationMs: [],
    saveMs: [],
    saves: { measured: 0, attempts: 0, retried: 0 },
    sample: [],
    found: {},
  };
}

/** Counts one record into the tally, whatever its fields hold; what is wrong with it goes to `found`. */
export function countWork(
  tally: WorksTally,
  work: Document,
  { readAtMs, found }: { readonly readAtMs: number; readonly found: FoundSoFar },
): void {
  const status = statusOf(work['status']);
  const createdAtMs = momentOf(work['createdAt']);
  const isRecovered = work['isRecovered'] === true;
  tally.total += 1;
  tally.byStatus[status] += 1;
  tally.recovered += Number(isRecovered);
  tally.deleted += Number(work['deletedAt'] !== undefined);
  tally.older += Number(work['schemaVersion'] === undefined);
  countDay(tally, { status, createdAtMs, isRecovered });
  if (status === 'failed') countReason(tally, work['errorCode']);
  if (status === 'unknown') countAge(tally, createdAtMs);
  countTimes(tally, work, createdAtMs);
  for (const kind of anomaliesOf(work, { nowMs: tally.nowMs, readAtMs })) addFinding(found, kind, [work._id]);
  const fileId = fileIdOf(work);
  if (fileId !== undefined) keepSample(tally.sample, { id: work._id, fileId }, tally.nowMs);
}

function statusOf(status: unknown): WorkStatus | 'other' {
  return status === 'completed' || status === 'failed' || status === 'unknown' ? status : 'other';
}

interface DayFacts {
  readonly status: WorkStatus | 'other';
  readonly createdAtMs: number | undefined;
  readonly isRecovered: boolean;
}

function countDay({ days, nowMs }: WorksTally, { status, createdAtMs, isRecovered }: DayFacts): void {
  if (createdAtMs === undefined || status === 'other') return;
  const day = days[(beijingMidnight(nowMs) - beijingMidnight(createdAtMs)) / DAY_MS];
  if (!day) return;
  day[status] += 1;
  day.recovered += Number(isRecovered);
}

// A code comes out of a document: only ours may become names, or there could be any number of them.
function countReason({ byErrorCode }: WorksTally, code: unknown): void {
  const absent = code === undefined || code === null || code === '';
  const name = KNOWN_CODES.has(code) ? String(code) : absent ? 'none' : 'other';
  byErrorCode[name] = (byErrorCode[name] ?? 0) + 1;
}

function countAge({ unknownByAge, nowMs }: WorksTally, createdAtMs = -Infinity): void {
  const ageMs = nowMs - createdAtMs;
  unknownByAge[ageMs < HOUR_MS ? 'underHour' : ageMs < DAY_MS ? 'underDay' : 'older'] += 1;
}

function countTimes(tally: WorksTally, work: Document, createdAtMs: number | undefined): void {
  const finishedAtMs = momentOf(work['finishedAt']);
  if (createdAtMs !== undefined && finishedAtMs !== undefined && finishedAtMs >= createdAtMs) {
    countDuration(tally.generationMs, finishedAtMs - createdAtMs);
  }
  const { saveAttempts, saveMs } = work;
  if (typeof saveMs === 'number' && saveMs >= 0) countDuration(tally.saveMs, saveMs);
  if (typeof saveAttempts !== 'number' || !(saveAttempts >= 1)) return;
  tally.saves.measured += 1;
  tally.saves.attempts += saveAttempts;
  tally.saves.retried += Number(saveAttempts > 1);
}

/** The tally as figures of the report; rates are null where there is nothing to divide by. */
export function figuresOf(tally: WorksTally): Record<string, Plain> {
  const { total, byStatus, recovered, deleted, older, saves, unknownByAge, byErrorCode } = tally;
  const daily = tally.days.map((day, ago) => ({ day: beijingDay(tally.nowMs - ago * DAY_MS), ...totalled(day) }));
  const [today = null] = daily;
  return {
    ...{ total, ...byStatus, successRate: total > 0 ? byStatus.completed / total : null },
    ...{ recovered, deleted, older, today, daily: [...daily].reverse(), byErrorCode, unknownByAge },
    generationMs: percentiles(tally.generationMs),
    saves: { ...saves, ...percentiles(tally.saveMs) },
  };
}

function totalled(day: Day): Day & { total: number } {
  return { total: day.completed + day.failed + day.unknown, ...day };
}

function percentiles(histogram: Histogram): { p50Ms: number | null; p95Ms: number | null } {
  return { p50Ms: percentileMs(histogram, 0.5), p95Ms: percentileMs(histogram, 0.95) };
}
