import type { Fields } from './document.ts';
import { LEAST, MOST, type IndexKey, type IndexSpec } from './index-tree.ts';
import { arePoints, intervalsOf, type Interval } from './intervals.ts';

/** How an index answers a query: walks along it, each between two bounds. */
export interface Plan {
  readonly spec: IndexSpec;
  readonly ranges: readonly { readonly from: IndexKey; readonly to: IndexKey }[];
  readonly isReverse: boolean;
  /** The documents come in the order asked for. */
  readonly isSorted: boolean;
}

export interface Question {
  readonly condition: Fields;
  readonly order?: Fields | undefined;
}

/** More walks than this and a scan is as good. */
const MAX_RANGES = 1_000;

/** The index that narrows the question most, then the one that brings it in order; undefined: walk them all. */
export function planQuery(specs: readonly IndexSpec[], question: Question): Plan | undefined {
  let best: { plan: Plan; score: number } | undefined;
  for (const spec of specs) {
    const candidate = planIndex(spec, question);
    if (candidate && candidate.score > (best?.score ?? 0)) best = candidate;
  }
  return best?.plan;
}

function planIndex(spec: IndexSpec, { condition, order }: Question): { plan: Plan; score: number } | undefined {
  const { points, range } = narrowing(spec, condition);
  const walking = directionFor(spec, points, order);
  // A narrowed key counts most; the order decides between equals, and alone where nothing narrows.
  const score = points.length * 10 + (range ? 5 : 0) + (walking.isSorted ? 2 : 0);
  if (score === 0) return undefined;
  return { score, plan: { spec, ranges: boundsOf(spec, points, range), ...walking } };
}

/** The leading keys that are compared for equality, and what bounds the key behind them. */
function narrowing(spec: IndexSpec, condition: Fields) {
  const points: (readonly Interval[])[] = [];
  let walks = 1;
  for (const [path] of spec.keys) {
    const pieces = intervalsOf(condition, path);
    if (pieces === undefined || walks * pieces.length > MAX_RANGES) return { points, range: undefined };
    if (!arePoints(pieces)) return { points, range: pieces };
    walks *= pieces.length;
    points.push(pieces);
  }
  return { points, range: undefined };
}

/** Whether walking the index, or walking it backwards, brings the order asked for. */
function directionFor(spec: IndexSpec, points: readonly (readonly Interval[])[], order: Fields | undefined) {
  const wanted = Object.entries(order ?? {});
  // Keys of one value each do not matter for the order; several values are several walks.
  const rest = [...spec.keys, ['_id', 1] as const].slice(points.length);
  const isReverse = wanted[0]?.[1] === -(rest[0]?.[1] ?? 1);
  const fits = ([path, direction]: [string, unknown], place: number): boolean => {
    const [key, upwards = 1] = rest[place] ?? [];
    return key === path && direction === (isReverse ? -upwards : upwards);
  };
  const isSorted = wanted.length > 0 && points.every((pieces) => pieces.length === 1) && wanted.every(fits);
  return { isReverse: isSorted && isReverse, isSorted };
}

function boundsOf(spec: IndexSpec, points: readonly (readonly Interval[])[], range: readonly Interval[] | undefined) {
  let prefixes: readonly IndexKey[] = [[]];
  for (const pieces of points) {
    prefixes = prefixes.flatMap((prefix) => pieces.map(({ low }) => [...prefix, low]));
  }
  const pieces = range ?? [{ low: LEAST, high: MOST }];
  // Of several pieces the outermost bounds make one walk, so that it stays in order.
  const low = pieces[0]?.low ?? LEAST;
  const high = pieces.at(-1)?.high ?? MOST;
  const isEmpty = pieces.length === 0;
  const direction = spec.keys[points.length]?.[1] ?? 1;
  const [start, end] = direction === 1 ? [low, high] : [high, low];
  return isEmpty ? [] : prefixes.map((prefix) => bounds(spec, [...prefix, start], [...prefix, end]));
}

/** Both keys filled up to full length, so that every `_id` lies between them. */
function bounds({ keys }: IndexSpec, start: IndexKey, end: IndexKey) {
  const fill = (key: IndexKey, isStart: boolean): IndexKey => {
    const rest = [...keys.map(([, direction]) => direction), 1].slice(key.length);
    return [...key, ...rest.map((direction) => (isStart === (direction === 1) ? LEAST : MOST))];
  };
  return { from: fill(start, true), to: fill(end, false) };
}
