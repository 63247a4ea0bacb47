import type { Amounts } from '../once/index.ts';
import {
  assertChange,
  comparisonOf,
  is,
  readFilter,
  type Comparison,
  type Condition,
  type Filter,
} from '../store/index.ts';
import { kindOf, wrong } from './options.ts';

type Pairs = readonly (readonly [path: string, by: number])[];

/** What a call changes on the account, and under which conditions. */
export interface Cost {
  readonly take: Pairs;
  readonly done?: Pairs;
  readonly needs: Filter;
}

/**
 * Reads what a call costs. An account never goes below zero unless `needs` says so: what is taken must be there. Throws
 * `CONFIG_INVALID` for an amount above zero without a limit (a sign left out gives away what was to be paid), and for
 * what cannot be counted.
 */
export function readCost(given: { readonly take: Amounts; readonly done?: Amounts; readonly needs?: Filter }): Cost {
  const { needs = {} } = given;
  const take = readAmounts('take', given.take);
  const bounds = new Map(readFilter(needs));
  for (const [path, by] of take) {
    if (by <= 0 || has(UPPER, bounds.get(path))) continue;
    const why = `"${path}" is above zero, which gives; to take one, say -1; to count up, give it a limit in "needs"`;
    throw wrong('once', 'take', `${why}, as is.below(50)`);
  }
  const floors = take.filter(([path, by]) => by < 0 && !has(LOWER, bounds.get(path)));
  return {
    take,
    ...(given.done ? { done: readAmounts('done', given.done) } : {}),
    needs: { ...needs, ...Object.fromEntries(floors.map(([path, by]) => [path, both(needs[path], is.atLeast(-by))])) },
  };
}

const OWN = {
  'quota.holds': null,
  'quota.open': null,
  'quota.seq': null,
  'quota.pruned': null,
  'quota.prunedTo': null,
};

// Pairs are stored, since a path has dots, which may not stand in a stored field's name.
function readAmounts(option: string, amounts: Amounts): Pairs {
  const pairs = Object.entries(amounts);
  const strange = pairs.find(([, by]) => !Number.isFinite(by));
  if (strange) throw wrong('once', option, `"${strange[0]}" wants a finite number; there is ${kindOf(strange[1])}`);
  try {
    // A path that meets one of the protocol's own would be refused at opening, or at closing, which is after paying.
    assertChange({ inc: amounts, set: OWN });
  } catch (error) {
    const why = `a path is plain names joined by dots, and none of ${Object.keys(OWN).join(', ')}`;
    throw wrong('once', option, why, error);
  }
  return pairs;
}

const UPPER: readonly Comparison['op'][] = ['lt', 'lte'];
/** Who asks for one of these has said how little there may be. */
const LOWER: readonly Comparison['op'][] = ['gt', 'gte', 'eq', 'in', 'absent'];

function has(ops: readonly Comparison['op'][], bound: Comparison | undefined): boolean {
  if (!bound) return false;
  if (ops.includes(bound.op)) return true;
  if (bound.op === 'absentOr') return has(ops, comparisonOf(bound.other));
  return bound.op === 'all' && bound.others.some((other) => has(ops, comparisonOf(other)));
}

// What has no bound below is a condition already: a bare value is one.
function both(said: Filter[string] | undefined, floor: Condition): Condition {
  return said === undefined ? floor : is.all([said as Condition, floor]);
}
