import { createDeadline, type Clock, type Code, type Deadline } from '../../core/index.ts';
import {
  addFinding,
  collections,
  concludeFindings,
  statusOf,
  type CheckSection,
  type Finding,
  type FoundSoFar,
  type Section,
  type Weights,
} from '../../records/index.ts';
import { createRetrier } from '../retrier.ts';
import type { DurableWriterDeps } from '../writer.ts';
import { groundOf, type CheckedTier } from './grounds.ts';
import { createLetterReader } from './letter-reader.ts';
import { probe, type Outcome } from './probe.ts';

export interface TiersSectionDeps extends DurableWriterDeps {
  /** The dead-letter collection. @default 'emergency_backup' */
  readonly deadLetters?: string;
}

/** Everything that section `tiers` can find, worst first. */
export const TIER_FINDINGS = {
  'missing-collection': 'problem',
  'tier-down': 'problem',
  'tier-off': 'note',
  'canary-left': 'note',
} as const satisfies Weights;

type TierFinding = keyof typeof TIER_FINDINGS;

const FINDING_OF = { missing: 'missing-collection', down: 'tier-down', off: 'tier-off' } as const;

type Result = { tier: CheckedTier; outcome: Outcome; latencyMs: number };
type State = { results: Result[]; lateTries: number };

const TIERS: readonly CheckedTier[] = ['works', 'emergency_backup', 'storage', 'log'];
/** A tier that is down takes three attempts and their waits to say so. */
const PROBE_MS = 15_000;
/** With less than this left, no further tier is begun. */
const LAST_START_MS = 3_000;
/** A tier that no slice has time for is undecided in the end. */
const MAX_LATE_TRIES = 3;

/**
 * Section `tiers`: sends a canary through every tier by the code that writes records, reads it back and removes it.
 * A tier that does not take it, or does not show it again, is a finding (`tier-down`); where neither can be said the
 * section is `unknown`. A canary is nobody's record, and what a killed run leaves the next one removes.
 */
export function createTiersSection(deps: TiersSectionDeps): CheckSection {
  return {
    name: 'tiers',
    begin: () => ({ results: [], lateTries: 0 }),
    async advance(before, deadline) {
      const state = structuredClone(before) as State;
      do {
        const result = await check(deps, TIERS[state.results.length] as CheckedTier, deadline);
        if (isLate(result) && ++state.lateTries < MAX_LATE_TRIES) break;
        state.lateTries = 0;
        state.results.push(result);
      } while (state.results.length < TIERS.length && deadline.remainingMs() >= LAST_START_MS);
      return { state, finished: state.results.length === TIERS.length };
    },
    conclude: (state) => conclude(state as State),
  };
}

async function check(deps: TiersSectionDeps, tier: CheckedTier, deadline: Deadline): Promise<Result> {
  const { clock, random } = deps;
  const startedAtMs = clock.now();
  const soil = {
    ...deps,
    retrier: createRetrier(deps),
    reader: createLetterReader(deps),
    deadLetters: deps.deadLetters ?? collections.emergencyBackup,
    token: random.token(),
    deadline: sooner(clock, deadline, startedAtMs + PROBE_MS),
  };
  const ground = groundOf(soil, tier);
  const outcome: Outcome = ground ? await probe(ground, soil.token) : { status: 'off' };
  return { tier, outcome: ofTier(tier, outcome), latencyMs: clock.now() - startedAtMs };
}

// Only a collection can be missing for want of `init`.
function ofTier(tier: CheckedTier, outcome: Outcome): Outcome {
  if (outcome.status !== 'missing' || tier === 'works' || tier === 'emergency_backup') return outcome;
  return { status: 'down', code: 'STORE_NOT_FOUND', message: 'what it keeps cannot be found' };
}

function sooner(clock: Clock, deadline: Deadline, atMs: number): Deadline {
  return atMs < deadline.atMs ? createDeadline(clock, atMs) : deadline;
}

function isLate({ outcome }: Result): boolean {
  return outcome.status === 'undecided' && outcome.code === 'DEADLINE_PASSED';
}

function conclude({ results }: State): Section {
  const findings = findingsOf(results);
  const undecided = results.flatMap(({ tier, outcome }) =>
    outcome.status === 'undecided' ? [{ tier, ...outcome }] : [],
  );
  const section = { name: 'tiers', figures: Object.fromEntries(results.map(figureOf)), findings };
  const [first] = undecided;
  if (first) return { ...section, status: 'unknown', error: { code: first.code, message: whyUndecided(undecided) } };
  return { ...section, status: statusOf(findings) };
}

function whyUndecided(undecided: readonly { readonly tier: string; readonly message: string }[]): string {
  return undecided.map(({ tier, message }) => `${tier}: ${message}`).join('; ');
}

function figureOf({ tier, outcome, latencyMs }: Result) {
  const code: Code | null = 'code' in outcome ? outcome.code : null;
  return [tier, { status: outcome.status, latencyMs, code }] as const;
}

function findingsOf(results: readonly Result[]): readonly Finding[] {
  const found: FoundSoFar = {};
  for (const { tier, outcome } of results) {
    const kind = findingOf(outcome);
    if (kind) addFinding(found, kind, [tier]);
  }
  return concludeFindings(found, TIER_FINDINGS);
}

function findingOf(outcome: Outcome): TierFinding | undefined {
  if (outcome.status === 'works') return outcome.left ? 'canary-left' : undefined;
  return outcome.status === 'undecided' ? undefined : FINDING_OF[outcome.status];
}
