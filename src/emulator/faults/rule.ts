/** Names that a rule may give for one matcher. */
export type OneOrMany = string | readonly string[];

export const STORAGE_STEPS = ['metadata', 'upload', 'download-url', 'download', 'delete'] as const;
export const PROVIDER_STEPS = ['generate', 'picture'] as const;
export const INJECTIONS = [
  'refused',
  'reset-before',
  'reset-after',
  'cut',
  'hang',
  'hang-after',
  'delay',
  'status',
  'status-after',
  'error',
  'kill-before',
  'kill-after',
] as const;
export const BODIES = ['json', 'html', 'text', 'empty'] as const;

export type StorageStep = (typeof STORAGE_STEPS)[number];
export type ProviderStep = (typeof PROVIDER_STEPS)[number];

/**
 * What is done to a request.
 * - `refused`: never sent, as far as the SDK can tell
 * - `reset-before`, `reset-after`: the connection is reset, with nothing done or everything done
 * - `cut`: done, then half of the answer
 * - `hang`, `hang-after`: never answered, with nothing done or everything done
 * - `delay`: `delayMs` later done and answered
 * - `status`, `status-after`: an HTTP status instead of the answer, with nothing done or everything done
 * - `error`: a refusal with a code of the platform, nothing done
 * - `kill-before`, `kill-after`: the function whose code sent the request is killed, before or after it took effect
 *
 * `cut` and all that end in `-after` come after an effect: a request that is refused passes them, and spends none.
 */
export type Injection = (typeof INJECTIONS)[number];

/** One fault: whom it meets (all matchers given must fit), what it does, how often. */
export interface FaultRule {
  /** SDK action, in full (`database.insertDocument`) or without its area (`insertDocument`). */
  readonly action?: OneOrMany;
  readonly collection?: OneOrMany;
  /** Name of the function that is called. */
  readonly function?: OneOrMany;
  /** Name of the function whose code sent the request. */
  readonly from?: OneOrMany;
  readonly storage?: StorageStep | readonly StorageStep[];
  readonly provider?: ProviderStep | readonly ProviderStep[];
  /** `_id` of a document that the request names. */
  readonly id?: OneOrMany;

  readonly inject: Injection;
  /** For `delay`. */
  readonly delayMs?: number;
  /** For `status` and `status-after`: the HTTP status, and what its body looks like (default `json`). */
  readonly status?: number;
  readonly body?: (typeof BODIES)[number];
  /** For `error`. */
  readonly code?: string;
  readonly message?: string;

  /** Lets the first matches pass; default 0. */
  readonly skip?: number;
  /** Fires so often, then is spent; default always. */
  readonly times?: number;
  /** Fires for this share of the matches, 0 to 1, decided by a sequence that `seed` fixes; default 1. */
  readonly probability?: number;
  readonly seed?: number;
}

/** What the faults know of a request. */
export interface RequestFacts {
  /** The area of the local cloud that it goes to. */
  readonly area: 'database' | 'storage' | 'functions' | 'provider';
  readonly action?: string | undefined;
  readonly collection?: string | undefined;
  readonly function?: string | undefined;
  readonly from?: string | undefined;
  readonly storage?: StorageStep | undefined;
  readonly provider?: ProviderStep | undefined;
  readonly ids?: readonly string[] | undefined;
}

/** Whether all matchers of a rule fit a request. */
export function isMatch(rule: FaultRule, facts: RequestFacts): boolean {
  const { action, area } = facts;
  const isSelective = ['action', 'collection', 'function', 'from', 'storage', 'provider', 'id'].some(
    (key) => key in rule,
  );
  if (!isSelective) return area === 'database' || area === 'storage';
  // The provider is no part of the cloud: a rule meets it only by name.
  if (area === 'provider' && rule.provider === undefined) return false;
  const names = action === undefined ? [] : [action, action.slice(action.indexOf('.') + 1)];
  return (
    fits(rule.action, names) &&
    fits(rule.collection, present(facts.collection)) &&
    fits(rule.function, present(facts.function)) &&
    fits(rule.from, present(facts.from)) &&
    fits(rule.storage, present(facts.storage)) &&
    fits(rule.provider, present(facts.provider)) &&
    (rule.id === undefined || fits(rule.id, facts.ids ?? []))
  );
}

function fits(wanted: OneOrMany | undefined, actual: readonly string[]): boolean {
  if (wanted === undefined) return true;
  const names = typeof wanted === 'string' ? [wanted] : wanted;
  return names.some((name) => actual.includes(name));
}

function present(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}
