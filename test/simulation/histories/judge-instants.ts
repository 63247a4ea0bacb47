/**
 * Every instant of a history, from the commit log: the records' automaton (I5), one record per request (I2), promises
 * (I3), intent before cost (I4), counters and limits (I10, I11), letters that go only after their copy is there (I14).
 */
import type { Document } from '../../../src/store/index.ts';
import { canonicalJson } from '../../../src/core/index.ts';
import type { Findings } from './findings.ts';
import { quotaOf } from './judge-accounts.ts';
import type { AccountBefore, Answer, Commit, PaidCall, Truth } from './truth.ts';

interface Options {
  readonly findings: Findings;
  readonly keyOf: (work: Document) => string;
}

/** What stands after the commits so far. */
interface Now {
  readonly works: Map<string, Document>;
  readonly users: Map<string, Document>;
  /** Letters of both lower tiers, by key, then by place and id. */
  readonly letters: Map<string, Map<string, Document>>;
  /** Ids of records by key. */
  readonly idsOf: Map<string, Set<string>>;
  /** Keys completed in `works` or in a letter, by account. */
  readonly completed: Map<string, Set<string>>;
  readonly promised: Map<string, { readonly status: string; readonly imageUrl: string }>;
  /** Keys under which an account ever held something. */
  readonly held: Set<string>;
}

interface Fold extends Options {
  readonly truth: Truth;
  readonly now: Now;
  readonly accounts: ReadonlyMap<string, AccountBefore>;
  readonly planted: ReadonlySet<string>;
}

export function judgeInstants(truth: Truth, log: readonly Commit[], options: Options): void {
  const fold: Fold = {
    ...options,
    truth,
    now: {
      works: new Map(),
      users: new Map(),
      letters: new Map(),
      idsOf: new Map(),
      completed: new Map(),
      promised: new Map(),
      held: new Set(),
    },
    accounts: new Map((truth.accounts ?? []).map((account) => [account.userId, account])),
    planted: new Set(truth.planted ?? []),
  };
  const moments = momentsOf(truth);
  let next = 0;
  const upTo = (seq: number): void => {
    for (; next < moments.length && (moments[next] as Moment).seq <= seq; next += 1) moments[next]?.run(fold);
  };
  for (const commit of log) {
    upTo(commit.seq - 1);
    apply(fold, commit);
  }
  upTo(Infinity);
}

/** Something outside the database that happened after so many commits. */
interface Moment {
  readonly seq: number;
  run(fold: Fold): void;
}

function momentsOf({ paid, answers }: Truth): readonly Moment[] {
  const moments: Moment[] = [];
  for (const call of paid) {
    if (call.seq !== undefined) moments.push({ seq: call.seq, run: (fold) => judgePayment(fold, call) });
  }
  for (const answer of answers) {
    if (answer.seq !== undefined) moments.push({ seq: answer.seq, run: (fold) => notePromise(fold, answer) });
  }
  return moments.sort((a, b) => a.seq - b.seq);
}

// A hold that is gone meanwhile was there: an instance that was frozen before it paid does so late.
function judgePayment({ now, findings }: Fold, { key, attempt }: PaidCall): void {
  const words = () => `attempt ${attempt} was paid before anything was written down`;
  findings.demand(now.held.has(key), 'I4', words, key);
}

function notePromise(fold: Fold, { key, said }: Answer): void {
  if (said.kind !== 'final' || said.savedIn === 'log') return;
  const { status, imageUrl } = said;
  const earlier = fold.now.promised.get(key);
  const isSame = !earlier || (earlier.status === status && earlier.imageUrl === imageUrl);
  fold.findings.demand(isSame, 'I6', () => `told ${earlier?.status} before, and now ${status}`, key);
  if (!earlier) fold.now.promised.set(key, { status, imageUrl });
  judgePromise(fold, key);
}

function judgePromise({ now, findings }: Fold, key: string): void {
  const promise = now.promised.get(key);
  if (!promise) return;
  const keeps = (record: Document | undefined): boolean =>
    record?.['status'] === promise.status && record['imageUrl'] === promise.imageUrl;
  const records = [...(now.idsOf.get(key) ?? [])].map((id) => now.works.get(id));
  const letters = [...(now.letters.get(key)?.values() ?? [])].map(({ payload }) => payload as Document | undefined);
  const isKept = records.some(keeps) || letters.some(keeps);
  findings.demand(isKept, 'I3', () => `no tier holds what was promised (${promise.status})`, key);
}

function apply(fold: Fold, commit: Commit): void {
  switch (commit.place) {
    case 'works':
      return applyWork(fold, commit);
    case 'users':
      return applyUser(fold, commit);
    case 'emergency_backup':
    case 'letter-files':
      return applyLetter(fold, commit);
    default:
  }
}

function applyWork(fold: Fold, { id, after }: Commit): void {
  const { now, findings, keyOf, truth } = fold;
  if (truth.foreignWorks?.includes(id)) return;
  const before = now.works.get(id);
  const key = keyOf((after ?? before) as Document);
  judgeStep({ before, after, key }, findings);
  const ids = now.idsOf.get(key) ?? new Set();
  now.idsOf.set(key, ids);
  if (after) {
    now.works.set(id, after);
    ids.add(id);
    if (after['status'] === 'completed') noteCompleted(now, after, key);
  } else {
    now.works.delete(id);
    ids.delete(id);
  }
  findings.demand(ids.size <= 1, 'I2', () => `${ids.size} records at one instant`, key);
  judgePromise(fold, key);
}

interface WorkStep {
  readonly before: Document | undefined;
  readonly after: Document | undefined;
  readonly key: string;
}

const FROZEN = ['status', 'imageUrl', 'token', 'attempt', 'userId', 'openid', 'errorCode'] as const;

function judgeStep({ before, after, key }: WorkStep, { demand }: Findings): void {
  demand(after !== undefined, 'I5', () => 'a record was removed', key);
  if (!after) return;
  const { status } = after;
  const isKnown = status === 'completed' || status === 'failed' || status === 'unknown';
  demand(isKnown, 'I5', () => `is ${String(status)}, which is no status`, key);
  if (!before || before['status'] === 'unknown') return;
  const moved = FROZEN.filter((field) => before[field] !== after[field]);
  demand(moved.length === 0, 'I5', () => `was ${String(before['status'])} and changed its ${moved.join()}`, key);
}

function noteCompleted(now: Now, record: Document, key: string): void {
  const owner = String(record['userId']);
  const keys = now.completed.get(owner) ?? new Set();
  now.completed.set(owner, keys.add(key));
}

function applyLetter(fold: Fold, { place, id, after }: Commit): void {
  const { now } = fold;
  // What was planted lies in the collection; a real letter's file may have the same name.
  if (place === 'emergency_backup' && fold.planted.has(id)) return;
  const key = String(after ? after['recordId'] : id.slice(0, id.lastIndexOf('_')));
  const letters = now.letters.get(key) ?? new Map<string, Document>();
  now.letters.set(key, letters);
  const name = `${place} ${id}`;
  const before = letters.get(name);
  if (after) {
    letters.set(name, after);
    const payload = after['payload'] as Document;
    if (payload['status'] === 'completed') noteCompleted(now, payload, key);
    if (after['state'] === 'redriven' && before?.['state'] === 'waiting') judgeCopy(fold, payload, key);
  } else {
    letters.delete(name);
    if (before) judgeCopy(fold, before['payload'] as Document, key);
  }
  judgePromise(fold, key);
}

/** What may have changed in a record since it was restored: its picture was copied, its owner deleted it. */
const LATER = new Set(['asset', 'deletedAt']);

function judgeCopy({ now, findings }: Fold, payload: Document, key: string): void {
  const copy = now.works.get(payload._id);
  // Given up before its letter was found again: it says of the same attempt that it failed, in other words.
  const isGivenUp = copy?.['errorCode'] === 'ONCE_UNKNOWN' && payload['status'] === 'failed';
  const fields = isGivenUp ? ['token', 'status'] : Object.keys(payload).filter((field) => !LATER.has(field));
  const missing = fields.filter((field) => canonicalJson(copy?.[field]) !== canonicalJson(payload[field]));
  findings.demand(missing.length === 0, 'I14', () => `letter closed before its copy was there: ${missing.join()}`, key);
}

function applyUser(fold: Fold, { id, after }: Commit): void {
  const { now, findings } = fold;
  const before = now.users.get(id);
  findings.demand(after !== undefined, 'I5', () => 'an account was removed', id);
  if (!after) return;
  now.users.set(id, after);
  const account = fold.accounts.get(id);
  if (account) judgeLimits({ user: after, account, completed: now.completed.get(id)?.size ?? 0 }, findings);
  judgeHolds(fold, before, after);
}

interface Limits {
  readonly user: Document;
  readonly account: AccountBefore;
  /** Completed records in `works` or a letter. */
  readonly completed: number;
}

function judgeLimits({ user, account, completed }: Limits, { demand }: Findings): void {
  const { credits, generateCount = 0, _id: id } = user;
  const { used = {}, open = 0 } = quotaOf(user);
  demand(typeof credits !== 'number' || credits >= 0, 'I11', () => `credits are ${String(credits)}`, id);
  demand(open >= 0, 'I10', () => `${open} holds are counted as open`, id);
  for (const [day, count] of Object.entries(used)) {
    demand(count >= 0 && count <= account.dailyLimit, 'I11', () => `${count} uses on ${day}`, id);
  }
  const isBacked = account.isTampered || (generateCount as number) <= completed;
  demand(isBacked, 'I10', () => `counts ${String(generateCount)}, of which ${completed} can be shown`, id);
}

/** (absent) → open | void; open → done | back | void; void → open; and away when all is over. */
const STEPS: Readonly<Record<string, string>> = {
  absent: 'absent open void',
  open: 'open done back void',
  done: 'done absent',
  back: 'back absent',
  void: 'void open absent',
};

function judgeHolds({ now, findings }: Fold, before: Document | undefined, after: Document): void {
  const from = (before && quotaOf(before).holds) ?? {};
  const to = quotaOf(after).holds ?? {};
  // The store shares what a change left as it was.
  if (from === to) return;
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const was = from[key]?.st ?? 'absent';
    const is = to[key]?.st ?? 'absent';
    if (was === is) continue;
    if (is === 'open') now.held.add(key);
    findings.demand(
      STEPS[was]?.split(' ').includes(is) ?? false,
      'I5',
      () => `its hold went from ${was} to ${is}`,
      key,
    );
    if (is !== 'done') continue;
    const isShown = now.completed.get(after._id)?.has(key) ?? false;
    findings.demand(isShown, 'I3', () => 'counted as done before any tier held it', key);
  }
}
