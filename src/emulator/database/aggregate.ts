import { Aggregator } from 'mingo/aggregator';
import { cloneDeep } from 'mingo/util';
import { requestFailed } from '../cloud-error.ts';
import type { Collection } from './collection.ts';
import { isFields, type Fields, type Stored } from './document.ts';
import { compileFilter } from './filter.ts';
import { ENGINE_OPTIONS, refusing } from './operators.ts';

/** Stages that never write into the documents they are given. (`$project` is none: it deletes what it leaves out.) */
const HARMLESS = new Set([
  ...['$match', '$count', '$group', '$limit', '$skip', '$sort', '$sortByCount', '$unwind', '$geoNear'],
]);

/** Where a pipeline reads from. */
export interface PipelineSource {
  readonly own: Collection;
  /** The documents of another collection, for `$lookup` and its like. */
  collection(name: string): Iterable<Stored>;
}

/**
 * Runs an aggregation. Leading `$match` stages are answered from the stored documents; only what passes them is
 * cloned, and not even that when no later stage could write into it.
 */
export function aggregate(source: PipelineSource, stages: readonly Fields[]): Fields[] {
  assertPlaces(stages);
  const leading = stages.findIndex((stage) => !isFields(stage['$match']));
  const matchCount = leading === -1 ? stages.length : leading;
  const condition = { $and: stages.slice(0, matchCount).map((stage) => stage['$match']) };
  const filter = compileFilter(matchCount === 0 ? {} : condition);
  if (filter.distanceM) throw refused('$geoNear, $near, and $nearSphere are not allowed in this context');
  const rest = stages.slice(matchCount);
  const isHarmless = rest.every((stage) => Object.keys(stage).every((name) => HARMLESS.has(name)));
  const found = [...source.own.matching(filter).documents];
  const input = isHarmless ? found : found.map((document) => cloneDeep<Stored>(document));
  return runStages(rest, input, source);
}

function assertPlaces(stages: readonly Fields[]): void {
  if (!stages.some((stage, place) => place > 0 && '$geoNear' in stage)) return;
  throw refused('$geoNear is only valid as the first stage in a pipeline.');
}

function refused(message: string): Error {
  return requestFailed(`[FailedOperation] ${message}`);
}

function runStages(stages: readonly Fields[], input: Stored[], source: PipelineSource): Fields[] {
  const copies = new Map<string, Fields[]>();
  const collectionResolver = (name: string) => {
    const known = copies.get(name) ?? [...source.collection(name)].map((document) => cloneDeep<Fields>(document));
    copies.set(name, known);
    return known;
  };
  return refusing(() => {
    const aggregator = new Aggregator([...stages], { ...ENGINE_OPTIONS, collectionResolver });
    return aggregator.run<Fields>(input);
  });
}
