/**
 * The one place where the SDK's errors are understood.
 *
 * The text decides before the number: wx-server-sdk maps every name it does not know to -501001 and keeps
 * only the text, so "never sent", "perhaps written", "conflict" and "throttled" all arrive under one code.
 * Whatever is not recognised may have happened.
 */
import { DurableError, isDurableError, type Code } from '../../core/index.ts';

/** What a database or storage error means for the statement that met it. */
export type Problem =
  | 'transient'
  | 'ambiguous'
  | 'throttled'
  | 'conflict'
  | 'duplicate'
  | 'not-found'
  | 'auth'
  | 'quota'
  | 'too-large'
  | 'permanent';

/** The code of each, and what to do about it. */
const MEANINGS: Record<Problem, readonly [Code, string]> = {
  transient: ['STORE_UNAVAILABLE', 'the request was never sent; repeat it'],
  ambiguous: ['STORE_UNCERTAIN', 'no answer was seen, it may have happened; repeat only what is idempotent'],
  throttled: ['STORE_THROTTLED', 'the platform is limiting requests; repeat later'],
  conflict: ['STORE_CONFLICT', 'another transaction was first; read again'],
  duplicate: ['STORE_DUPLICATE', 'a record of this key exists; read it back'],
  'not-found': ['STORE_NOT_FOUND', 'the collection or file does not exist; create it with `wx-durable init`'],
  auth: ['STORE_DENIED', 'the platform denied access; check permissions and environment'],
  quota: ['STORE_QUOTA', 'a quota of the environment is used up; raise the plan'],
  'too-large': ['STORE_TOO_LARGE', 'the data is larger than the platform allows; ask for less'],
  permanent: ['STORE_REJECTED', 'the platform refused the request; see the cause'],
};

// In this order; the first that matches decides.
const TEXTS: readonly (readonly [RegExp, Problem])[] = [
  [/E11000|duplicate key|DuplicateWrite|DATABASE_DUPLICATE_WRITE/i, 'duplicate'],
  [/TransactionConflict|TransactionBusy|TransactionNotExist|DATABASE_TRANSACTION_(CONFLICT|FAIL)/, 'conflict'],
  // Not folded to one case: "ResourceNotFound" would hold an ENOTFOUND.
  [/\b(ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EAI_AGAIN)\b|connect timeout/, 'transient'],
  [/Table not exist|Db or Table|COLLECTION_NOT_EXIST|STORAGE_FILE_NONEXIST/i, 'not-found'],
  [/\b429\b|EXCEED_RATELIMIT|RequestLimitExceeded|EXCEED_CONCURRENT|EXCEED_RESOURCE_LIMIT/, 'throttled'],
  [/-50100[67]\b|INVALID_PARAM|不能更新_id|must not be empty|update operator complicit/, 'permanent'],
  [/ECONNRESET|socket hang up|aborted|ESOCKETTIMEDOUT|ETIMEDOUT|request timeout|DATABASE_TIMEOUT/i, 'ambiguous'],
  [/FailedOperation\.Timeout|\b50[0234] (Internal|Bad|Service|Gateway|Not)|Unexpected (token|end)/i, 'ambiguous'],
  [/Non-whitespace before first tag|Cannot read propert/i, 'ambiguous'],
  [/EXCEED_REQUEST_SIZE_LIMIT|EXCEED_MAX_RESPONSE_SIZE|exceed (limit \(1MB\)|max size)|\b413 /i, 'too-large'],
  [/SIGN_EXPIRED|SIGN_PARAM_INVALID|SignatureDoesNotMatch|AccessDenied|\b40[13] (Unauthorized|Forbidden)/, 'auth'],
  [/\b40[045] (Bad|Not|Method)|INVALID_ENV/, 'permanent'],
];

type Known<T> = Readonly<Partial<Record<Problem, readonly T[]>>>;

// Some calls (aggregate, createCollection, storage) keep the server's name, and have no number but -1.
const NAMES: Known<string> = {
  permanent: [
    'DATABASE_COLLECTION_EXCEED_LIMIT',
    'DATABASE_INVALID_OPERRATOR',
    'INVALID_COMMON_PARAM',
    'INVALID_PARAM',
    'INVALID_REQUEST_SOURCE',
    'INVALIID_ENV',
    'RESOURCE_NOT_INITIAL',
  ],
  'not-found': ['DATABASE_COLLECTION_NOT_EXIST', 'STORAGE_FILE_NONEXIST'],
  auth: ['DATABASE_PERMISSION_DENIED', 'STORAGE_EXCEED_AUTHORITY', 'STORAGE_SIGN_PARAM_INVALID'],
  throttled: ['EXCEED_CONCURRENT_REQUEST_LIMIT', 'EXCEED_RATELIMIT'],
  quota: ['EXCEED_REQUEST_LIMIT'],
  ambiguous: ['SERVER_TIMEOUT'],
};

const NUMBERS: Known<number> = {
  ambiguous: [-501002],
  quota: [-501003, -501015, -501016, -501017],
  throttled: [-501004],
  permanent: [-501005, -501006, -501007, -501008, -501009, -501020, -501021, -502002, -502004],
  auth: [-501019, -502003, -503002, -503004, -601004],
  'not-found': [-502005, -503003],
  'too-large': [-602001, -604001],
};

function known<T>(table: Known<T>, key: T | undefined): Problem | undefined {
  const [problem] = Object.entries(table).find(([, keys]) => key !== undefined && keys.includes(key)) ?? [];
  return problem as Problem | undefined;
}

// "Request failed" also carries timeouts of the database itself: those may have been applied.
const TIMEOUT_WORDS = /timeout|timed out|time limit/i;

/** What an error thrown by wx-server-sdk means; unknown ones are `ambiguous`. */
export function problemOf(error: unknown): Problem {
  const { text, code, errCode } = readError(error);
  const byName = known(NAMES, code);
  if (byName) return byName;
  const byText = TEXTS.find(([pattern]) => pattern.test(text));
  if (byText) return byText[1];
  if (errCode === -502001 || code === 'DATABASE_REQUEST_FAILED') {
    return TIMEOUT_WORDS.test(text) ? 'ambiguous' : 'permanent';
  }
  return known(NUMBERS, errCode) ?? 'ambiguous';
}

/** The SDK's error as ours, with `what` was being done; our own errors pass through. */
export function translate(error: unknown, what: string): DurableError {
  if (isDurableError(error)) return error;
  const problem = problemOf(error);
  const { errCode, code } = readError(error);
  const [meant, hint] = MEANINGS[problem];
  return new DurableError(meant, `${what}: ${hint}`, {
    cause: error,
    details: { problem, errCode, sdkCode: code },
  });
}

function readError(error: unknown): { text: string; code: string | undefined; errCode: number | undefined } {
  if (typeof error !== 'object' || error === null) return { text: String(error), code: undefined, errCode: undefined };
  const { message, errMsg, code, errCode } = error as Record<string, unknown>;
  const texts = [code, errMsg, message].filter((part) => typeof part === 'string' || typeof part === 'number');
  return {
    text: texts.join(' '),
    code: typeof code === 'string' ? code : undefined,
    errCode: typeof errCode === 'number' ? errCode : undefined,
  };
}
