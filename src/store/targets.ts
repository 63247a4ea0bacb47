import { DurableError } from '../core/index.ts';
import { is, type Filter } from './filter.ts';
import type { UpdateTargets } from './store.ts';

/** So many documents are changed by one statement at most. */
const MOST = 100;

/** The filter for several documents. Throws `INPUT_INVALID` before anything is sent for none, and for too many. */
export function filterOf({ ids, where }: UpdateTargets): Filter {
  if (Array.isArray(ids) && ids.length > 0 && ids.length <= MOST) return { ...where, _id: is.oneOf(ids) };
  throw new DurableError('INPUT_INVALID', `a statement changes 1 to ${MOST} documents by their ids`);
}
