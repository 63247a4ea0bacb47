import {
  asDurableError,
  type Clock,
  type Code,
  type Deadline,
  type Log,
  type Plain,
  type Random,
} from '../core/index.ts';
import type { CheckSection, IntegrityReport, Section, SectionStatus } from '../records/index.ts';

/** A section that is computed from the others when they are done; pure. */
export interface DerivedSection {
  readonly name: string;
  conclude(sections: readonly Section[]): Section;
}

export interface CheckDeps {
  /** Run in this order. */
  readonly sections: readonly CheckSection[];
  readonly derived?: readonly DerivedSection[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface CheckProgress {
  /** Plain data for a checkpoint. */
  readonly state: Plain;
  readonly finished: boolean;
}

/** Keeps the state of a check that goes on, in case it is killed; what it rejects with ends the slice. */
export type Keep = (state: Plain) => Promise<void>;

/** The integrity check: sections, each on its own, in slices. */
export interface Check {
  /**
   * Goes on from `state` (anything that is no state of this check begins a new one) until all is looked at or the
   * deadline is near. Never rejects for a section: one that cannot read ends `unknown`, and the others run. `keep` is
   * given the state every ten seconds.
   */
  advance(state: Plain | undefined, deadline: Deadline, keep?: Keep): Promise<CheckProgress>;
  /** The report of a finished check; of an unfinished one, what is known, with the rest `unknown`. */
  report(state: Plain): IntegrityReport;
  /** The section that is under way and its figures so far, for a line of progress; undefined where none is. */
  underWay(state: Plain): Pick<Section, 'name' | 'figures'> | undefined;
}

type Current = { state: Plain; cutShort: number };

type CheckState = {
  version: 3;
  names: readonly string[];
  reportId: string;
  startedAtMs: number;
  /** When it last got on. */
  advancedAtMs: number;
  finishedAtMs: number | null;
  sections: readonly Section[];
  current: Current | null;
};

/** A check that lay so long is begun anew; one that goes on may take as many days as it needs, and its report says so. */
const MAX_PAUSE_MS = 24 * 3_600_000;
/** No step is begun with less time than this: its reads could not be answered. */
const LAST_START_MS = 1_000;
/** So much work is lost when an instance is killed. */
const KEEP_EVERY_MS = 10_000;
/** A step that fails with less than this left was stopped by the deadline. */
const CUT_SHORT_MS = 300;
/** A step that fits into none of so many slices will fit into no further one. */
const MAX_CUT_SHORT = 5;

/** A check of these sections. */
export function createCheck(deps: CheckDeps): Check {
  return {
    async advance(given, deadline, keep) {
      let keptAtMs = deps.clock.now();
      let state = isStateOf(deps, given) ? given : begin(deps);
      while (state.sections.length < deps.sections.length) {
        if (deadline.remainingMs() < LAST_START_MS) return { state: asPlain(state), finished: false };
        state = { ...(await step(deps, state, deadline)), advancedAtMs: deps.clock.now() };
        if (!keep || deps.clock.now() - keptAtMs < KEEP_EVERY_MS) continue;
        await keep(asPlain(state));
        keptAtMs = deps.clock.now();
      }
      const finishedAtMs = state.finishedAtMs ?? deps.clock.now();
      return { state: asPlain({ ...state, finishedAtMs }), finished: true };
    },
    report(given) {
      const state = isStateOf(deps, given) ? given : begin(deps);
      return reportOf(deps, state);
    },
    underWay(given) {
      const { sections, current } = isStateOf(deps, given) ? given : begin(deps);
      const section = deps.sections[sections.length];
      return section && current ? { name: section.name, figures: section.conclude(current.state).figures } : undefined;
    },
  };
}

function begin({ sections, clock, random }: CheckDeps): CheckState {
  const startedAtMs = clock.now();
  const moment = new Date(startedAtMs).toISOString().replaceAll(/\D/g, '').slice(0, 14);
  return {
    version: 3,
    names: sections.map(({ name }) => name),
    reportId: `${moment}_${random.token().slice(0, 8)}`,
    startedAtMs,
    advancedAtMs: startedAtMs,
    finishedAtMs: null,
    sections: [],
    current: null,
  };
}

// A checkpoint may come from an older deployment or an older day, or hold anything.
function isStateOf({ sections, clock }: CheckDeps, given: unknown): given is CheckState {
  const { version, names, startedAtMs, advancedAtMs, sections: done } = (given ?? {}) as Partial<CheckState>;
  const own = sections.map(({ name }) => name).join();
  return (
    version === 3 &&
    Array.isArray(names) &&
    names.join() === own &&
    typeof startedAtMs === 'number' &&
    typeof advancedAtMs === 'number' &&
    clock.now() - advancedAtMs < MAX_PAUSE_MS &&
    Array.isArray(done)
  );
}

const asPlain = (state: CheckState): Plain => state as unknown as Plain;

async function step(deps: CheckDeps, state: CheckState, deadline: Deadline): Promise<CheckState> {
  const section = deps.sections[state.sections.length] as CheckSection;
  let current = state.current;
  try {
    current ??= { state: section.begin(), cutShort: 0 };
    const next = await section.advance(current.state, deadline);
    if (!next.finished) return { ...state, current: { state: next.state, cutShort: 0 } };
    return conclude(deps, state, section.conclude(next.state));
  } catch (thrown) {
    const { code, message } = asDurableError(thrown);
    const cutShort = (current?.cutShort ?? 0) + 1;
    const isLate = code === 'DEADLINE_PASSED' || deadline.remainingMs() < CUT_SHORT_MS;
    if (current && isLate && cutShort < MAX_CUT_SHORT) return { ...state, current: { ...current, cutShort } };
    return conclude(deps, state, unknownSection(section, current?.state, { code, message }));
  }
}

function conclude({ log }: CheckDeps, state: CheckState, section: Section): CheckState {
  log.write(section.status === 'ok' ? 'info' : 'warn', 'check.section', {
    section: section.name,
    status: section.status,
    code: section.error?.code,
    findings: section.findings.map(({ kind, count }) => `${kind}:${count}`),
  });
  return { ...state, sections: [...state.sections, section], current: null };
}

// Figures of a part would be read as those of the whole; what was found is found.
function unknownSection(
  section: CheckSection,
  state: Plain | undefined,
  error: { readonly code: Code; readonly message: string },
): Section {
  return { name: section.name, status: 'unknown', figures: {}, findings: findingsSoFar(section, state), error };
}

function findingsSoFar(section: CheckSection, state: Plain | undefined): Section['findings'] {
  try {
    return state === undefined ? [] : section.conclude(state).findings;
  } catch {
    // The section is `unknown` for a reason of its own already.
    return [];
  }
}

function reportOf(deps: CheckDeps, state: CheckState): IntegrityReport {
  const error = { code: 'DEADLINE_PASSED', message: 'the check has not come to this section yet' } as const;
  const open = deps.sections
    .slice(state.sections.length)
    .map(({ name }): Section => ({ name, status: 'unknown', figures: {}, findings: [], error }));
  const looked = [...state.sections, ...open];
  const sections = [...looked, ...(deps.derived ?? []).map((derived) => derived.conclude(looked))];
  return {
    _id: state.reportId,
    schemaVersion: 1,
    startedAt: new Date(state.startedAtMs),
    finishedAt: new Date(state.finishedAtMs ?? deps.clock.now()),
    status: worst(sections),
    sections,
  };
}

function worst(sections: readonly Section[]): SectionStatus {
  const has = (status: SectionStatus): boolean => sections.some((section) => section.status === status);
  if (sections.length === 0 || has('unknown')) return 'unknown';
  return has('problems') ? 'problems' : 'ok';
}
