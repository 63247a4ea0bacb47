import type { Plain } from '../core/index.ts';
import {
  addFinding,
  concludeFindings,
  statusOf,
  type FoundSoFar,
  type Section,
  type Weights,
} from '../records/index.ts';
import { valueAt } from '../store/index.ts';
import type { DerivedSection } from './check.ts';

/** The sections whose figures the indicators are made of. */
export const INDICATOR_INPUTS = ['works', 'backup', 'users'] as const;

const INDICATOR_FINDINGS = {
  'save-success-below-target': 'problem',
  'backup-rate-above-target': 'problem',
  'consistency-below-target': 'problem',
} as const satisfies Weights;

const TARGET = 0.999;

/**
 * Section `indicators`, from the figures of `works`, `backup` and `users`; `unknown` where one of them is.
 *
 * - save success rate: records saved in `works` at once / all attempts to save one (those records, those brought home
 *   later, and those still in a letter); of the last 30 days, since what failed long ago is no news
 * - emergency backup rate: records that went to a letter / all generations; retention removes letters, but what came
 *   home keeps `isRecovered`
 * - consistency rate: users whose counter is right / users
 */
export const indicatorsSection: DerivedSection = { name: 'indicators', conclude };

function conclude(sections: readonly Section[]): Section {
  const figures = new Map(sections.map((section) => [section.name, section.figures]));
  const blind = INDICATOR_INPUTS.find((name) => !isKnown(sections, name));
  if (blind !== undefined) return unknownFor(blind, sections);
  const rates = ratesOf(figures);
  if (rates === undefined) return unknownFor('backup', sections);
  const found: FoundSoFar = {};
  if (isBelow(rates.saveSuccess30d)) addFinding(found, 'save-success-below-target', [], 1);
  if (rates.emergency !== null && rates.emergency > 1 - TARGET) addFinding(found, 'backup-rate-above-target', [], 1);
  if (isBelow(rates.consistency)) addFinding(found, 'consistency-below-target', [], 1);
  const findings = concludeFindings(found, INDICATOR_FINDINGS);
  return { name: 'indicators', status: statusOf(findings), figures: figuresOf(rates), findings };
}

const isBelow = (rate: number | null): boolean => rate !== null && rate < TARGET;

function isKnown(sections: readonly Section[], name: string): boolean {
  const section = sections.find((one) => one.name === name);
  return section !== undefined && section.status !== 'unknown';
}

interface Rates {
  readonly saveSuccess: number | null;
  readonly saveSuccess30d: number | null;
  readonly emergency: number | null;
  readonly consistency: number | null;
}

type Figures = Section['figures'] | undefined;

function ratesOf(figures: ReadonlyMap<string, Section['figures']>): Rates | undefined {
  const { works, backup, users } = Object.fromEntries(figures);
  const [total, recovered, letters, waiting, quarantined] = [
    ...[numberIn(works, 'total'), numberIn(works, 'recovered')],
    ...[numberIn(backup, 'count'), numberIn(backup, 'waiting'), numberIn(backup, 'quarantined')],
  ];
  // Without its collection the section has no figures, and nobody knows how many letters there should be.
  if (letters === undefined || waiting === undefined || total === undefined || recovered === undefined) {
    return undefined;
  }
  const homeless = waiting + (quarantined ?? 0);
  const month = lastMonth(works);
  return {
    saveSuccess: share(total - recovered, total + homeless),
    saveSuccess30d: share(month.total - month.recovered, month.total + homeless),
    emergency: share(Math.max(letters, recovered + homeless), total + homeless),
    consistency: share(numberIn(users, 'right') ?? 0, numberIn(users, 'users') ?? 0),
  };
}

function lastMonth(works: Figures): { total: number; recovered: number } {
  const sum = { total: 0, recovered: 0 };
  const daily = valueAt(works, 'daily');
  for (const day of Array.isArray(daily) ? (daily as unknown[]) : []) {
    sum.total += numberIn(day, 'total') ?? 0;
    sum.recovered += numberIn(day, 'recovered') ?? 0;
  }
  return sum;
}

function numberIn(figures: unknown, name: string): number | undefined {
  const value = valueAt(figures, name);
  return typeof value === 'number' ? value : undefined;
}

const share = (part: number, whole: number): number | null => (whole > 0 ? Math.min(1, part / whole) : null);

function figuresOf({ saveSuccess, saveSuccess30d, emergency, consistency }: Rates): Record<string, Plain> {
  const atLeast = (rate: number | null): Plain => ({
    rate,
    target: TARGET,
    met: rate === null ? null : rate >= TARGET,
  });
  const most = 1 - TARGET;
  return {
    saveSuccessRate: { ...(atLeast(saveSuccess30d) as object), allTime: saveSuccess },
    emergencyBackupRate: { rate: emergency, target: most, met: emergency === null ? null : emergency <= most },
    consistencyRate: atLeast(consistency),
  };
}

function unknownFor(name: string, sections: readonly Section[]): Section {
  const cause = sections.find((one) => one.name === name)?.error;
  const message = `section "${name}" could not say what the indicators are made of`;
  return {
    name: 'indicators',
    status: 'unknown',
    figures: {},
    findings: [],
    error: { code: cause?.code ?? 'INTERNAL', message },
  };
}
