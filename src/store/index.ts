/** The ports to the outside: documents (`Store`) and files (`Blobs`). */
export { assertBlobName } from './blob-name.ts';
export { assertChange } from './change.ts';
export { assertDocument, valueAt } from './document.ts';
export { assertPath, comparisonOf, is, readFilter, type Comparison, type Condition, type Filter } from './filter.ts';
export { assertTwins, isPageKey, pageKeyOf, readPageRequest, type PagePlan } from './page-request.ts';
export { filterOf } from './targets.ts';
export {
  MAX_FILE_BYTES,
  MAX_PAGE,
  type Blobs,
  type CallOptions,
  type CallStore,
  type Change,
  type Document,
  type Group,
  type GroupRequest,
  type Page,
  type PageKey,
  type PageRequest,
  type ReadOptions,
  type Store,
  type Twins,
  type TwinsRequest,
  type UpdateTarget,
  type UpdateTargets,
} from './store.ts';
