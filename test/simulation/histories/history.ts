/** One seed, one world: people, timers and faults from the first call to the last recovery, and then the judge. */
import type { Seal } from '../../../src/core/index.ts';
import { createSeal } from '../../../src/core/node/index.ts';
import type { Store } from '../../../src/store/index.ts';
import { judge, type Commit, type Stored, type Truth, type Verdict } from './checker.ts';
import { createChronicle } from './chronicle.ts';
import { lookBack } from './coverage.ts';
import { createDraws } from './draws.ts';
import { createImageService, shownIn } from './image-service.ts';
import { COLLECTIONS, createLedger, type Ledger } from './ledger.ts';
import type { Conditions } from './line.ts';
import { createOperations, type Operations } from './operations.ts';
import { ourSystem } from './our-system.ts';
import { drawOutages } from './outages.ts';
import { createPeople } from './people.ts';
import { createPlatform, type RunFacts } from './platform.ts';
import { plantLetters } from './planted.ts';
import { drawProfile, type Profile } from './profile.ts';
import { createSimClock, type SimClock } from './sim-clock.ts';
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
  const { seed, calls, system = ourSystem, profile = drawProfile(seed), sabotage = (store) => store } = options;
  const draws = createDraws(seed, 'world');
  const startMs = draws.pick(STARTS_MS);
  const spanMs = options.spanMs ?? draws.pick(SPANS_MS);
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
  const accounts = await createAccounts(honest.store, { seed, startMs, clock });
  const people = createPeople(conditions, platform, accounts.openids);
  const operations = createOperations(conditions, platform, sealed);
  const planted = await plantLetters(honest.store, { seed, calls, seal, openids: accounts.openids });
  chronicle.tell('world', () => JSON.stringify({ profile, spanMs, windows: outages.windows.length }));

  await clock.until(Promise.all([people.live(calls, spanMs), operations.tick(spanMs)]));
  const idempotence = await conclude({ conditions, operations, clock, isLogRead: draws.chance(0.5) });

  const truth: Truth = {
    paid: service.paid,
    answers: people.answers,
    deletedByUsers: people.deletedByUsers,
    accounts: accounts.before,
    planted,
    pictures: await picturesOf(ledger, service.addresses()),
  };
  const stored = storedIn(ledger);
  const verdict = judge(truth, stored, chronicle.commits, system.keyOf ? { keyOf: system.keyOf } : {});
  lookBack(chronicle, truth);
  return {
    seed,
    verdict: idempotence ? { ...verdict, violations: [...verdict.violations, idempotence] } : verdict,
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
  readonly clock: SimClock;
  readonly isLogRead: boolean;
}

/** Faults are over, everything late arrives, days pass; the last round must find nothing to do (I12). */
async function conclude({ conditions, operations, clock, isLogRead }: Ending) {
  const { chronicle } = conditions;
  const round = async (): Promise<void> => {
    await clock.until(operations.recover());
    await clock.until(operations.repair());
    await clock.until(operations.prune());
  };
  conditions.isHealed = true;
  chronicle.tell('world', () => 'faults are over');
  await clock.advanceTo(clock.now() + HALF_HOUR_MS);
  await round();
  if (isLogRead) await clock.until(operations.readLog());
  await clock.advanceTo(Math.max(clock.now() + DAY_MS, conditions.pendingUntilMs) + HALF_HOUR_MS);
  await round();
  // What waits for a key nobody has is given up after a week.
  for (const days of [1, 7]) {
    await clock.advanceTo(clock.now() + days * DAY_MS + HALF_HOUR_MS);
    await round();
  }
  // A letter is set aside when it has failed five times.
  for (let more = 0; more < 4; more += 1) await clock.until(operations.recover());
  const before = chronicle.commits.length;
  await round();
  const more = chronicle.commits.slice(before).map(({ place, id }) => `${place} ${id}`);
  if (more.length === 0) return undefined;
  return { invariant: 'I12', words: `a second round changed ${more.join(', ')}` } as const;
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
