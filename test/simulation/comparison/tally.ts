import { recordId } from '../../../src/core/index.ts';
import type { Document } from '../../../src/store/index.ts';
import { testHash } from '../../support/ports.ts';
import { judge } from '../histories/checker.ts';
import type { Said } from '../histories/truth.ts';
import type { Contender } from './contender.ts';
import type { Execution } from './instance.ts';

/** One order that reached the image service: money. */
export interface Payment {
  /** Names the record that must come of it. */
  readonly key: string;
  /** Counted by the system, from 1. */
  readonly attempt: number;
  /** The person's request that it was made for. */
  readonly request: number;
  readonly userId: string;
  readonly atMs: number;
  readonly made: boolean;
  readonly url: string;
}

/** One time a person asked, and what came of it. */
export interface Asked {
  readonly request: number;
  /** 0, or 1 where the person asked again. */
  readonly again: number;
  readonly openid: string;
  readonly requestId: string;
  readonly wish: string;
  readonly atMs: number;
  readonly tookMs: number;
  readonly said: Said;
  readonly execution: Execution;
  /** Whether an outage fell into it. */
  readonly inOutage: boolean;
  /** Under which key it paid. */
  readonly key: string | undefined;
}

/** What everybody outside the systems knows. */
export interface Truth {
  readonly payments: readonly Payment[];
  readonly asked: readonly Asked[];
}

/** The content of the database, before the system's recovery and repair and after. */
export interface Stored {
  readonly before: { readonly users: readonly Document[]; readonly letters: number };
  readonly users: readonly Document[];
  readonly works: readonly Document[];
  readonly letters: readonly Document[];
}

/** What came of one system's calls; sums, so that slices can be added. */
export interface Tally {
  calls: number;
  paid: number;
  /** People who were shown their picture, or told for good that the service made none. */
  delivered: number;
  /** Payments without a record after recovery and repair, … */
  lost: number;
  /** … and those of them whose people had been told that all is well. */
  lostAfterSuccess: number;
  /** Records beyond the first of a payment. */
  duplicated: number;
  /** Payments beyond the first of a request. */
  paidTwice: number;
  /** Refused before paying, at the first asking, in outages and outside. */
  refusedInOutages: number;
  refusedElsewhere: number;
  /** Paid, and nobody saw the result: a record says so. */
  unknown: number;
  onlyInLog: number;
  /** Sum over the users of how far the counter is from the pictures that were made for them. */
  driftBefore: number;
  driftAfter: number;
  killedByChance: number;
  killedByTimeLimit: number;
  deadLetters: number;
  /** Rules of the checker of histories that were broken. */
  violations: number;
  firstAsked: number;
  databaseRequests: number;
  storageRequests: number;
  /** First askings that met no fault, were paid and answered: the most requests any of them made. */
  happy: number;
  happyRequests: number;
  happyInSequence: number;
  /** How long first askings took, by milliseconds. */
  readonly tookMs: Record<number, number>;
}

/** Counts what the truth and the database say of one system. */
export function tallyOf(truth: Truth, stored: Stored, { keyOf }: Contender): Tally {
  const records = byKey(stored.works, keyOf);
  const lost = truth.payments.filter(({ key }) => !records.has(key));
  return {
    ...answersOf(truth),
    ...requestsOf(truth),
    paid: truth.payments.length,
    lost: lost.length,
    lostAfterSuccess: lost.filter(({ key }) => wasToldWell(truth, key)).length,
    duplicated: stored.works.length - records.size,
    paidTwice: truth.payments.length - new Set(truth.payments.map(({ request }) => request)).size,
    unknown: truth.payments.filter(({ key }) => isUnseen(records.get(key))).length,
    driftBefore: drift(truth, stored.before.users),
    driftAfter: drift(truth, stored.users),
    deadLetters: stored.before.letters,
    violations: violations(truth, stored, keyOf),
  };
}

function byKey(works: readonly Document[], keyOf: (record: Document) => string): ReadonlyMap<string, Document> {
  return new Map(works.map((work) => [keyOf(work), work]));
}

function isUnseen(record: Document | undefined): boolean {
  return record !== undefined && (record['status'] === 'unknown' || record['errorCode'] === 'ONCE_UNKNOWN');
}

function wasToldWell({ asked }: Truth, key: string): boolean {
  return asked.some((one) => one.key === key && one.said.kind === 'final');
}

function drift({ payments }: Truth, users: readonly Document[]): number {
  const made = new Map<string, number>();
  for (const { userId } of payments.filter((payment) => payment.made)) made.set(userId, (made.get(userId) ?? 0) + 1);
  return users.reduce((sum, user) => sum + Math.abs(Number(user['generateCount']) - (made.get(user._id) ?? 0)), 0);
}

// A second opinion on all of it, by the checker that judges our random histories.
function violations({ payments, asked }: Truth, stored: Stored, keyOf: Contender['keyOf']): number {
  const keys = new Map(payments.map(({ request, key }) => [request, key]));
  const truth = {
    paid: payments.map((payment) => ({ ...payment, form: 'address' as const })),
    answers: asked.map((one) => ({
      ...one,
      key: one.key ?? keys.get(one.request) ?? recordId(testHash, one.openid, one.requestId),
      retryUnknown: false,
    })),
    deletedByUsers: [],
  };
  // Who counts no attempts makes one for each key.
  const works = stored.works.map((work) => ({ ...work, attempt: work['attempt'] ?? 1 }));
  const verdict = judge(truth, { ...stored, works }, undefined, { keyOf });
  // Who is killed at the time limit is counted apart: here most of them were disturbed, by a hang.
  return verdict.violations.filter(({ invariant }) => invariant !== 'I9').length;
}

const codeOf = ({ said }: Asked): string | undefined => (said.kind === 'error' ? said.code : undefined);

function answersOf({ asked }: Truth) {
  const first = asked.filter(({ again }) => again === 0);
  const refused = first.filter((one) => one.key === undefined && isRefusal(one));
  const killed = (why: string): number =>
    asked.filter(({ said }) => said.kind === 'nothing' && said.why === why).length;
  return {
    calls: first.length,
    delivered: new Set(asked.filter(({ said }) => said.kind === 'final').map(({ request }) => request)).size,
    refusedInOutages: refused.filter(({ inOutage }) => inOutage).length,
    refusedElsewhere: refused.filter(({ inOutage }) => !inOutage).length,
    onlyInLog: asked.filter(({ said }) => said.kind === 'final' && said.savedIn === 'log').length,
    killedByChance: killed('killed'),
    killedByTimeLimit: killed('overdue'),
  };
}

function isRefusal(one: Asked): boolean {
  const code = codeOf(one);
  return code !== undefined && code !== 'ONCE_IN_PROGRESS' && code !== 'ONCE_UNKNOWN';
}

function requestsOf({ asked }: Truth) {
  const first = asked.filter(({ again }) => again === 0);
  const happy = first.filter(
    ({ said, execution, key }) => said.kind === 'final' && key !== undefined && execution.faults === 0,
  );
  const tookMs: Record<number, number> = {};
  // One that chance killed took no time of its own.
  for (const one of first.filter(({ said }) => said.kind !== 'nothing' || said.why === 'overdue')) {
    tookMs[one.tookMs] = (tookMs[one.tookMs] ?? 0) + 1;
  }
  return {
    firstAsked: first.length,
    databaseRequests: sum(first.map(({ execution }) => execution.databaseRequests)),
    storageRequests: sum(first.map(({ execution }) => execution.storageRequests)),
    happy: happy.length,
    happyRequests: Math.max(0, ...happy.map(({ execution }) => execution.databaseRequests)),
    happyInSequence: Math.max(0, ...happy.map(({ execution }) => execution.inSequence)),
    tookMs,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Of two slices of the same system. */
export function addTallies(one: Tally, other: Tally): Tally {
  const tookMs = { ...one.tookMs };
  for (const [ms, count] of Object.entries(other.tookMs)) tookMs[Number(ms)] = (tookMs[Number(ms)] ?? 0) + count;
  const most = new Set<string>(['happyRequests', 'happyInSequence']);
  const entries = Object.entries(one).flatMap(([name, value]) => {
    if (typeof value !== 'number') return [];
    const beside = other[name as Exclude<keyof Tally, 'tookMs'>];
    return [[name, most.has(name) ? Math.max(value, beside) : value + beside] as const];
  });
  return { ...(Object.fromEntries(entries) as unknown as Tally), tookMs };
}

/** The time within which this share of the first askings were over. */
export function tookAt({ tookMs }: Pick<Tally, 'tookMs'>, share: number): number {
  const times = Object.entries(tookMs).map(([ms, count]) => [Number(ms), count] as const);
  const total = sum(times.map(([, count]) => count));
  let below = 0;
  for (const [ms, count] of times.sort(([a], [b]) => a - b)) {
    below += count;
    if (below >= total * share) return ms;
  }
  return NaN;
}
