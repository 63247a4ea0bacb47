import type { Document } from '../../../src/store/index.ts';
import type { Execution } from './instance.ts';
import type { Told } from './system.ts';

/** One order that reached the image service: money. */
export interface Payment {
  /** Names the record that must come of it. */
  readonly key: string;
  /** The person's request that it was made for. */
  readonly request: number;
  readonly userId: string;
  readonly made: boolean;
  readonly url: string;
}

/** One time a person asked, and what came of it. */
export interface Asked {
  readonly request: number;
  /** 0, or 1 where the person asked again. */
  readonly again: number;
  readonly tookMs: number;
  readonly told: Told;
  readonly execution: Execution;
  readonly killedBy: 'chance' | 'time limit' | undefined;
  /** Whether an outage fell into it. */
  readonly inOutage: boolean;
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
  /** Records that say something that is not so. */
  untrue: number;
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
export function tallyOf(truth: Truth, stored: Stored, keyOf: (record: Document) => string): Tally {
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
    untrue: untrueRecords(truth, stored, keyOf),
  };
}

function byKey(works: readonly Document[], keyOf: (record: Document) => string): ReadonlyMap<string, Document> {
  return new Map(works.map((work) => [keyOf(work), work]));
}

function isUnseen(record: Document | undefined): boolean {
  return record !== undefined && (record['status'] === 'unknown' || record['errorCode'] === 'ONCE_UNKNOWN');
}

function wasToldWell({ asked }: Truth, key: string): boolean {
  return asked.some((one) => one.key === key && (one.told.kind === 'picture' || one.told.kind === 'failed'));
}

function drift({ payments }: Truth, users: readonly Document[]): number {
  const made = new Map<string, number>();
  for (const { userId } of payments.filter((payment) => payment.made)) made.set(userId, (made.get(userId) ?? 0) + 1);
  return users.reduce((sum, user) => sum + Math.abs(Number(user['generateCount']) - (made.get(user._id) ?? 0)), 0);
}

// A record that shows a picture must show the one that was made for it; one that says "failed" must not hide one that
// somebody saw; and without a payment there is nothing to record.
function untrueRecords({ payments }: Truth, { works }: Stored, keyOf: (record: Document) => string): number {
  const paid = new Map(payments.map((payment) => [`${payment.key} ${payment.made ? payment.url : ''}`, payment]));
  const keys = new Set(payments.map(({ key }) => key));
  return works.filter((work) => {
    if (isUnseen(work)) return false;
    if (work['status'] === 'completed') return !paid.has(`${keyOf(work)} ${String(work['imageUrl'])}`);
    return keys.has(keyOf(work)) && !paid.has(`${keyOf(work)} `);
  }).length;
}

function answersOf({ asked }: Truth) {
  const first = asked.filter(({ again }) => again === 0);
  const delivered = asked.filter(({ told }) => told.kind === 'picture' || told.kind === 'failed');
  const refused = first.filter(({ told }) => told.kind === 'refused');
  return {
    calls: first.length,
    delivered: new Set(delivered.map(({ request }) => request)).size,
    refusedInOutages: refused.filter(({ inOutage }) => inOutage).length,
    refusedElsewhere: refused.filter(({ inOutage }) => !inOutage).length,
    onlyInLog: asked.filter(({ told }) => told.kind === 'picture' && told.savedIn === 'log').length,
    killedByChance: asked.filter(({ killedBy }) => killedBy === 'chance').length,
    killedByTimeLimit: asked.filter(({ killedBy }) => killedBy === 'time limit').length,
  };
}

function requestsOf({ asked }: Truth) {
  const first = asked.filter(({ again }) => again === 0);
  const happy = first.filter(({ told, execution }) => told.kind === 'picture' && execution.faults === 0);
  const tookMs: Record<number, number> = {};
  // One that chance killed took no time of its own.
  for (const one of first.filter(({ killedBy }) => killedBy !== 'chance')) {
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
