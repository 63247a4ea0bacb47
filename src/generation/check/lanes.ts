import { addFinding, type FoundSoFar } from '../../records/index.ts';
import { is, type PageRequest } from '../../store/index.ts';

/** One range of record ids, walked beside the others. */
export type Lane = {
  /** Where it goes on; null at the very beginning of all ids. */
  after: string | null;
  /** Its last id; null in the last lane. */
  readonly until: string | null;
  isOver: boolean;
  /** What was found in it. */
  found: FoundSoFar;
};

/**
 * Ids of ours are hashes, so that half of them lie in each lane; ids of any other form lie in some lane too. Two are as
 * fast as four, within a tenth, since each reads ahead, and what waits in memory is a sixth of it.
 */
const CUTS = ['w_8'];

/** The lanes in the order of their ids: disjoint, and together everything. */
export function beginLanes(): Lane[] {
  return [null, ...CUTS].map((after, index) => ({ after, until: CUTS[index] ?? null, isOver: false, found: {} }));
}

/** The part of a page request that says where a lane goes on. */
export function placeOf({ after, until }: Lane): Pick<PageRequest, 'after' | 'where'> {
  return {
    ...(after === null ? {} : { after: { id: after } }),
    ...(until === null ? {} : { where: { _id: is.atMost(until) } }),
  };
}

/** What was found in all of them, in the order of ids, and then what was `found` about several records together. */
export function foundIn(lanes: readonly Lane[], found: FoundSoFar): FoundSoFar {
  const all: FoundSoFar = {};
  for (const part of [...lanes.map((lane) => lane.found), found]) {
    for (const [kind, { ids, count }] of Object.entries(part)) addFinding(all, kind, ids, count);
  }
  return all;
}
