/** One seed, one world: people, timers and faults from the first call to the last recovery, and then the judge. */
import type { Seal } from '../../../src/core/index.ts';
import { createSeal } from '../../../src/core/node/index.ts';
import type { Store } from '../../../src/store/index.ts';
import { judge, type Commit, type Stored, type Truth, type Verdict, type Violation } from './checker.ts';
import { createChronicle, type Chronicle } from './chronicle.ts';
import { lookBack } from './coverage.ts';
import { lookAtMeetings } from './meetings.ts';
import { createDraws, type Draws } from './draws.ts';
import { createImageService, shownIn } from './image-service.ts';
import { COLLECTIONS, createLedger, type Ledger } from './ledger.ts';
import { quotaOf } from './judge-accounts.ts';
import type { Conditions } from './line.ts';
import { createOperations, type Operations } from './operations.ts';
import { ourSystem } from './our-system.ts';
import { plantOlder } from './older.ts';
import { drawOutages } from './outages.ts';
import { createPeople } from './people.ts';
import { createPlatform, type RunFacts } from './platform.ts';
import { createForger, plantLetters } from './planted.ts';
import { drawProfile, sparedIn, type Profile } from './profile.ts';
import { createSimClock } from './sim-clock.ts';
import type { System } from './system.ts';
import { createAccounts } from './accounts.ts';

export interface HistoryOptions {
  readonly seed: number;
  /** Calls of `generate`, repetitions included. */
  readonly calls: number;
  /** @default ours */
  readonly system?: System | undefined;
  /** @default drawn from the seed */
  readonly profile?: Profile | undefined;
  /** Calls are spread over so long. @default drawn from the seed */
  readonly spanMs?: number | undefined;
  /** For controls: a store that breaks one of its promises. @default an honest one */
  readonly sabotage?: ((store: Store) => Store) | undefined;
  /** Keep the story in words. @default false */
  readonly isTold?: boolean | undefined;
}

export interface History {
  readonly seed: number;
  readonly verdict: Verdict;
  readonly truth: Truth;
  readonly stored: Stored;
  readonly commits: readonly Commit[];
  readonly runs: readonly RunFacts[];
  /** Situations that it came through. */
  readonly seen: ReadonlySet<string>;
  /** One for each history: who did what when, and every commit. */
  readonly fingerprint: string;
  readonly lines: readonly string[];
  readonly profile: Profile;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const HALF_HOUR_MS = 30 * MINUTE_MS;
const SPANS_MS = [5_000, 2 * MINUTE_MS, HALF_HOUR_MS, HALF_HOUR_MS, 26 * 60 * MINUTE_MS];
/** Noon, and just before midnight, in Beijing. */
const STARTS_MS = [Date.UTC(2026, 10, 22, 4), Date.UTC(2026, 10, 22, 15, 59)];
/** One for all worlds: deriving its keys takes longer than many a history. */
const SEAL: Seal = createSeal('5a'.repeat(32));

export async function runHistory(options: HistoryOptions): Promise<History> {
  const { seed, system = ourSystem, profile = drawProfile(seed), sabotage = (store) => store } = options;
  const calls = profile.calls ?? options.calls;
  const draws = createDraws(seed, 'world');
  const startMs = draws.pick(STARTS_MS);
  const spanMs = options.spanMs ?? profile.spanMs ?? draws.pick(SPANS_MS);
  const clock = createSimClock(startMs, createDraws(seed, 'schedule'));
  const chronicle = createChronicle(clock, options.isTold ?? false);
  const seal = profile.isSealed ? SEAL : undefined;
  const honest = createLedger(chronicle, seal);
  const ledger: Ledger = { ...honest, store: sabotage(honest.store) };
  const outages = drawOutages(profile, { fromMs: startMs, toMs: startMs + spanMs }, createDraws(seed, 'outages'));
  const conditions: Conditions = { seed, clock, profile, outages, chronicle, isHealed: false, pendingUntilMs: 0 };
  const service = createImageService(conditions);
  const sealed: string[] = [];
  const platform = createPlatform({ system, conditions, ledger, service, seal, sealed });
  const accounts = await createAccounts(honest.store, { seed, startMs, areRich: profile.areRich ?? false });
  const people = createPeople(conditions, platform, accounts.openids);
  const operations = createOperations(conditions, platform, sealed);
  const planted = await plantLetters(honest.store, { seed, calls, seal, openids: accounts.openids });
  const older = profile.isOlder
    ? await plantOlder(honest.store, { seed, startMs, accounts: accounts.before })
    : { accounts: accounts.before, answers: [], letters: [] };
  const forger = createForger(honest.store, conditions);
  chronicle.tell('world', () => JSON.stringify({ profile, spanMs, windows: outages.windows.length }));

  if (profile.kind) chronicle.see(`kind: ${profile.kind}`);
  // Nobody is so far behind that the accounts are not there yet.
  await clock.advanceTo(startMs + 2_000);
  await clock.until(Promise.all([people.live(calls, spanMs), operations.tick(spanMs), forger.live(spanMs)]));
  const besides = await conclude({ conditions, operations, ledger, draws, calls });

  const truth: Truth = {
    paid: service.paid,
    answers: [...older.answers, ...people.answers],
    deletedByUsers: people.deletedByUsers,
    accounts: older.accounts,
    planted: [...planted, ...older.letters, ...forger.planted],
    runs: platform.runs,
    without: sparedIn(profile),
    pictures: await picturesOf(ledger, service.addresses()),
  };
  const stored = storedIn(ledger);
  const verdict = judge(truth, stored, chronicle.commits, system.keyOf ? { keyOf: system.keyOf } : {});
  lookBack(chronicle, truth);
  lookAtMeetings(chronicle, { answers: people.answers, runs: platform.runs, windows: outages.windows });
  return {
    seed,
    verdict: besides.length > 0 ? { ...verdict, violations: [...verdict.violations, ...besides] } : verdict,
    truth,
    stored,
    commits: chronicle.commits,
    runs: platform.runs,
    seen: chronicle.seen,
    fingerprint: chronicle.fingerprint(),
    lines: chronicle.lines,
    profile,
  };
}

interface Ending {
  readonly conditions: Conditions;
  readonly operations: Operations;
  readonly ledger: Ledger;
  readonly draws: Draws;
  readonly calls: number;
}

/** Holds of one account that a run of pruning drops. */
const PRUNED_AT_ONCE = 100;

/**
 * Faults are over, everything late arrives, days pass. The second recovery leaves nothing open (I20), each function ends
 * in its time (I9), and what finds nothing left to do changes nothing (I12).
 */
async function conclude({ conditions, operations, ledger, draws, calls }: Ending): Promise<readonly Violation[]> {
  const { chronicle, clock } = conditions;
  const { recover, repair, prune, readLog } = operations;
  const [isLogRead, isLong] = [draws.chance(0.5), draws.chance(0.25)];
  const run = async (...jobs: readonly (() => Promise<void>)[]): Promise<void> => {
    for (const job of jobs) await clock.until(job());
  };
  const pass = (delayMs: number): Promise<void> => clock.advanceTo(clock.now() + delayMs + HALF_HOUR_MS);
  conditions.isHealed = true;
  chronicle.tell('world', () => 'faults are over');
  await pass(0);
  await run(recover, ...(isLogRead ? [readLog] : []));
  await pass(Math.max(DAY_MS, conditions.pendingUntilMs - clock.now()));
  const left = await endOpen(ledger, () => run(recover));
  if (!isSettled(ledger)) {
    await pass(DAY_MS);
    await run(recover);
  }
  // What waits for a key that nobody has is given up after a week, and a letter that fails five times is set aside.
  if (isLong || !isSettled(ledger)) {
    await pass(7 * DAY_MS);
    const prunings = Array.from({ length: Math.ceil(calls / PRUNED_AT_ONCE) }, () => prune);
    await run(recover, recover, recover, recover, recover, ...prunings);
    if (!isSettled(ledger)) left.push({ invariant: 'I20', words: 'something was still open after more than a week' });
  }
  await run(repair);
  const more = isLong ? await repeated(chronicle, () => run(recover, repair, prune)) : [];
  const late = operations.overdue.map((name): Violation => ({
    invariant: 'I9',
    words: `${name} did not end in its time`,
  }));
  return [...left, ...more, ...late];
}

async function repeated({ commits }: Chronicle, again: () => Promise<void>): Promise<readonly Violation[]> {
  const before = commits.length;
  await again();
  const more = commits.slice(before).map(({ place, id }) => `${place} ${id}`);
  return more.length === 0 ? [] : [{ invariant: 'I12', words: `another round changed ${more.join(', ')}` }];
}

/**
 * How many calls and records have not ended; but for those whose letter cannot be read, in the backup or in a file:
 * they wait until it counts as no evidence, which takes up to a week.
 */
async function leftOpen({ dump, hasBrokenFile }: Ledger): Promise<number> {
  const letters = dump('emergency_backup').filter(({ state }) => state !== 'redriven' && state !== 'superseded');
  const waiting = new Set(letters.map((letter) => letter['recordId']));
  const attempts = new Map<string, number>();
  for (const user of dump('users')) {
    for (const [id, hold] of Object.entries(quotaOf(user).holds ?? {}))
      if (hold?.st === 'open') attempts.set(id, Number(hold.attempt));
  }
  for (const { _id, status, attempt } of dump('works'))
    if (status === 'unknown') attempts.set(_id, Math.max(attempts.get(_id) ?? 0, Number(attempt)));
  let left = 0;
  for (const [id, most] of attempts) if (!waiting.has(id) && !(await hasBrokenFile(id, most))) left += 1;
  return left;
}

/** Recovers for as long as each run ends something: one account may have more calls than a run gets through. */
async function endOpen(ledger: Ledger, recover: () => Promise<void>): Promise<Violation[]> {
  let before = Infinity;
  for (let runs = 2; ; runs += 1) {
    await recover();
    const left = await leftOpen(ledger);
    if (left === 0) return [];
    if (left >= before) {
      const words = `${left} calls open or unknown after a day and ${runs} recoveries, of which the last ended none`;
      return [{ invariant: 'I20', words }];
    }
    before = left;
  }
}

/** Whether recovery has nothing left to do. */
function isSettled({ dump }: Ledger): boolean {
  return (
    dump('emergency_backup').every(({ state }) => state !== undefined && state !== 'waiting') &&
    dump('works').every(({ status }) => status !== 'unknown') &&
    dump('users').every((user) => (quotaOf(user).open ?? 0) === 0)
  );
}

function storedIn({ dump }: Ledger): Stored {
  const [users, works, letters] = COLLECTIONS.map(dump) as [Stored['users'], Stored['works'], Stored['letters']];
  return { users, works, letters };
}

/** What each address and each stored file shows. */
async function picturesOf({ blobs, dump }: Ledger, addresses: Readonly<Record<string, string>>) {
  const pictures: Record<string, string> = { ...addresses };
  for (const work of dump('works')) {
    const { fileId } = (work['asset'] ?? {}) as { readonly fileId?: unknown };
    if (typeof fileId !== 'string') continue;
    const bytes = await blobs.get(fileId);
    const shown = bytes && shownIn(bytes);
    if (shown !== undefined) pictures[fileId] = shown;
  }
  return pictures;
}
