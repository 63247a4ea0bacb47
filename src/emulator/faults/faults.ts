import { createSequence } from '../sequence.ts';
import { parseFault, parseFaults } from './parse.ts';
import { isMatch, type FaultRule, type RequestFacts } from './rule.ts';

/** What is going to be done to one request. */
export interface FaultPlan {
  readonly delayMs: number;
  readonly rule: FaultRule | undefined;
  /** The rule could not act: it is not spent on this request. */
  takeBack(): void;
}

/** A rule and what became of it so far. */
export interface FaultReport {
  readonly rule: FaultRule;
  readonly matched: number;
  readonly fired: number;
}

/** The faults in force. */
export interface Faults {
  /** Replaces all rules; a bad one is refused and nothing changes. */
  set(rules: readonly FaultRule[]): void;
  add(rule: FaultRule): void;
  clear(): void;
  report(): readonly FaultReport[];
  /** Decides about a request: the first rule that matches and is not spent; delays come on top of what follows. */
  plan(facts: RequestFacts): FaultPlan;
}

interface Armed {
  readonly rule: FaultRule;
  readonly draw: () => number;
  matched: number;
  fired: number;
}

/** Faults, starting with `rules`. */
export function createFaults(rules: readonly FaultRule[] = []): Faults {
  let armed = parseFaults(rules).map(arm);
  return {
    set(next) {
      armed = parseFaults(next).map(arm);
    },
    add(rule) {
      armed = [...armed, arm(parseFault(rule))];
    },
    clear() {
      armed = [];
    },
    report: () => armed.map(({ rule, matched, fired }) => ({ rule, matched, fired })),
    plan: (facts) => planFaults(armed, facts),
  };
}

function planFaults(armed: readonly Armed[], facts: RequestFacts): FaultPlan {
  let delayMs = 0;
  for (const candidate of armed) {
    if (!isMatch(candidate.rule, facts) || !fires(candidate)) continue;
    if (candidate.rule.inject !== 'delay') {
      return { delayMs, rule: candidate.rule, takeBack: () => void (candidate.fired -= 1) };
    }
    delayMs += candidate.rule.delayMs ?? 0;
  }
  return { delayMs, rule: undefined, takeBack: () => undefined };
}

/** Counts a match and decides whether it is one that the rule acts on. */
function fires(armed: Armed): boolean {
  const { skip = 0, times = Number.POSITIVE_INFINITY, probability = 1 } = armed.rule;
  if (armed.fired >= times) return false;
  armed.matched += 1;
  if (armed.matched <= skip) return false;
  if (probability < 1 && armed.draw() >= probability) return false;
  armed.fired += 1;
  return true;
}

function arm(rule: FaultRule): Armed {
  return { rule, draw: createSequence(rule.seed ?? 0), matched: 0, fired: 0 };
}
