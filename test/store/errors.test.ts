import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDurableError, type Category, type Code, type DurableError } from '../../src/core/index.ts';
import type { FaultRule } from '../../src/emulator/index.ts';
import type { Document } from '../../src/store/index.ts';
import { problemOf, type Problem } from '../../src/store/cloudbase/index.ts';
import { openSdkCloud, type SdkCloud } from './sdk-cloud.ts';

/** What each problem becomes. */
const MEANING: Readonly<Record<Problem, readonly [Code, Category]>> = {
  transient: ['STORE_UNAVAILABLE', 'transient'],
  ambiguous: ['STORE_UNCERTAIN', 'ambiguous'],
  throttled: ['STORE_THROTTLED', 'throttled'],
  conflict: ['STORE_CONFLICT', 'conflict'],
  duplicate: ['STORE_DUPLICATE', 'conflict'],
  'not-found': ['STORE_NOT_FOUND', 'fault'],
  auth: ['STORE_DENIED', 'fault'],
  quota: ['STORE_QUOTA', 'fault'],
  'too-large': ['STORE_TOO_LARGE', 'fault'],
  permanent: ['STORE_REJECTED', 'fault'],
};

/** What wx-server-sdk 4.0.2 throws: its `errCode`, its `code` where it has one, and how its text goes on after `<api>:fail `. */
type Seen = readonly [errCode: number, text: string, code?: string | number];

interface Case {
  readonly fault: FaultRule;
  /** Thrown by add, get and update, which know the server's refusals by number … */
  readonly numbered: Seen;
  /** … and by aggregate and createCollection, which know them by name. */
  readonly named: Seen;
  readonly problem: Problem;
  /** Whether an insert that met the fault is stored. */
  readonly isStored: boolean;
}

const SYSTEM = '-501001 resource system error.';
const HTML = "Unexpected token '<'";

const broken = (inject: 'reset-before' | 'reset-after', isStored: boolean): Case => ({
  fault: { inject },
  numbered: [-501001, `${SYSTEM} read ECONNRESET`],
  named: [-1, 'read ECONNRESET', 'ECONNRESET'],
  problem: 'ambiguous',
  isStored,
});

const status = (number: number, text: string, problem: Problem): Case => ({
  fault: { inject: 'status', status: number },
  numbered: [-501001, `${SYSTEM} ${number} ${text} | [http`],
  named: [-1, `${number} ${text} | [http`, number],
  problem,
  isStored: false,
});

const garbled = (fault: FaultRule, texts: readonly [numbered: string, named: string], isStored = false): Case => ({
  fault,
  numbered: [-1, texts[0]],
  named: [-1, texts[1]],
  problem: 'ambiguous',
  isStored,
});

const refusal = (code: string, message: string, numbered: Seen, problem: Problem): Case => ({
  fault: { inject: 'error', code, message },
  numbered: [numbered[0], `${numbered[1]} ${message}`],
  named: [-1, message, code],
  problem,
  isStored: false,
});

const CASES: readonly Case[] = [
  {
    fault: { inject: 'refused' },
    numbered: [-501001, `${SYSTEM} connect ECONNREFUSED 127.0.0.1:1`],
    named: [-1, 'connect ECONNREFUSED 127.0.0.1:1', 'SYS_ERR'],
    problem: 'transient',
    isStored: false,
  },
  broken('reset-before', false),
  broken('reset-after', true),
  {
    fault: { inject: 'cut' },
    numbered: [-501001, `${SYSTEM} aborted`],
    named: [-1, 'aborted', 'ECONNRESET'],
    problem: 'ambiguous',
    isStored: true,
  },

  status(400, 'Bad Request', 'permanent'),
  status(401, 'Unauthorized', 'auth'),
  status(403, 'Forbidden', 'auth'),
  status(404, 'Not Found', 'permanent'),
  status(413, 'Payload Too Large', 'too-large'),
  status(429, 'Too Many Requests', 'throttled'),
  status(500, 'Internal Server Error', 'ambiguous'),
  status(502, 'Bad Gateway', 'ambiguous'),
  status(503, 'Service Unavailable', 'ambiguous'),
  status(504, 'Gateway Timeout', 'ambiguous'),
  { ...status(500, 'Internal Server Error', 'ambiguous'), fault: { inject: 'status', status: 500, body: 'empty' } },

  // A page of a gateway hides even the status: it may be any.
  garbled({ inject: 'status', status: 502, body: 'html' }, [HTML, HTML]),
  garbled({ inject: 'status', status: 404, body: 'html' }, [HTML, HTML]),
  garbled({ inject: 'status', status: 200, body: 'html' }, [HTML, HTML]),
  garbled({ inject: 'status', status: 503, body: 'text' }, ['Unexpected non-whitespace', 'Unexpected non-whitespace']),
  garbled({ inject: 'status', status: 200, body: 'empty' }, ['Cannot read properties', 'Cannot read properties']),
  garbled({ inject: 'status-after', status: 502, body: 'html' }, [HTML, HTML], true),
  garbled({ inject: 'status-after', status: 200, body: 'empty' }, ['Cannot read properties', 'Cannot read properties'], true),

  refusal('SYS_ERR', 'internal', [-501001, SYSTEM], 'ambiguous'),
  refusal('SERVER_TIMEOUT', 'slow', [-501002, '-501002 resource server timeout.'], 'ambiguous'),
  refusal('EXCEED_REQUEST_LIMIT', 'used up', [-501003, '-501003 exceed request limit.'], 'quota'),
  refusal('EXCEED_CONCURRENT_REQUEST_LIMIT', 'busy', [-501004, '-501004 exceed concurrent request limit.'], 'throttled'),
  refusal('INVALIID_ENV', 'no such env', [-501005, '-501005 invalid env.'], 'permanent'),
  refusal('INVALID_COMMON_PARAM', 'wrong', [-501006, '-501006 invalid common parameters.'], 'permanent'),
  refusal('INVALID_PARAM', 'wrong', [-501007, '-501007 invalid parameters.'], 'permanent'),
  refusal('INVALID_REQUEST_SOURCE', 'who', [-501008, '-501008 invalid request source.'], 'permanent'),
  refusal('RESOURCE_NOT_INITIAL', 'not yet', [-501009, '-501009 resource not initialized.'], 'permanent'),
  refusal('DATABASE_REQUEST_FAILED', 'bad operator', [-502001, '-502001 database request fail.'], 'permanent'),
  refusal(
    'DATABASE_REQUEST_FAILED',
    '[FailedOperation.Timeout] Execution request timeout',
    [-502001, '-502001 database request fail.'],
    'ambiguous',
  ),
  refusal(
    'DATABASE_REQUEST_FAILED',
    'operation exceeded time limit',
    [-502001, '-502001 database request fail.'],
    'ambiguous',
  ),
  refusal('DATABASE_INVALID_OPERRATOR', 'bad', [-502002, '-502002 database invalid command.'], 'permanent'),
  refusal('DATABASE_PERMISSION_DENIED', 'no', [-502003, '-502003 database permission denied.'], 'auth'),
  refusal('DATABASE_COLLECTION_EXCEED_LIMIT', '400', [-502004, '-502004 database exceed collection limit.'], 'permanent'),

  // Names without a number of their own: for add, get and update only the message is left of them.
  refusal('EXCEED_RATELIMIT', '[EXCEED_RATELIMIT] slow down', [-501001, SYSTEM], 'throttled'),
  refusal('DATABASE_TIMEOUT', '[DATABASE_TIMEOUT] slow', [-501001, SYSTEM], 'ambiguous'),
  refusal('SIGN_EXPIRED', '[SIGN_EXPIRED] check the clock', [-501001, SYSTEM], 'auth'),
  refusal('INVALID_ENV', '[INVALID_ENV] not found', [-501001, SYSTEM], 'permanent'),
  refusal(
    'DATABASE_TRANSACTION_CONFLICT',
    '[ResourceUnavailable.TransactionBusy] Transaction is busy',
    [-501001, SYSTEM],
    'conflict',
  ),
  refusal('-602001', 'database query result size exceed limit (1MB)', [-501001, SYSTEM], 'too-large'),
  refusal('EXCEED_REQUEST_SIZE_LIMIT', '[EXCEED_REQUEST_SIZE_LIMIT] 5 MB', [-501001, SYSTEM], 'too-large'),
];

const named = (fault: FaultRule): string => JSON.stringify(fault).replaceAll('"', '');
const TABLE = CASES.map((row) => ({ ...row, name: named(row.fault) }));

let cloud: SdkCloud;
beforeAll(async () => {
  cloud = await openSdkCloud();
  await cloud.store.createCollection('works');
});
afterAll(() => cloud.close());

/** The error that `work` rejects with under a fault. */
async function failureUnder(fault: FaultRule, work: () => Promise<unknown>): Promise<DurableError> {
  cloud.meet({ ...fault, times: 1 });
  try {
    await work();
  } catch (error) {
    if (isDurableError(error)) return error;
    throw error;
  } finally {
    expect(await cloud.fired()).toEqual([1]);
    cloud.meet();
  }
  throw new Error('the statement succeeded');
}

/** Holds an error against what the SDK is known to throw, and against what that means. */
function expectFailure(error: DurableError, api: string, [errCode, text, code]: Seen, problem: Problem): void {
  const cause = error.cause as { errCode?: number; message?: string; code?: unknown };
  expect({ errCode: cause.errCode, code: cause.code }).toEqual({ errCode, code });
  expect(cause.message).toContain(`${api}:fail ${text}`);
  expect([problemOf(cause), error.code, error.category]).toEqual([problem, ...MEANING[problem]]);
  expect(error.details).toMatchObject({ problem, errCode });
}

let made = 0;
const fresh = (): Document => ({ _id: `w_${(made += 1)}`, status: 'completed' });

describe('what a fault on the wire means', () => {
  it.each(TABLE)('for an insert under $name, which has been stored only where it may have been', async (row) => {
    const document = fresh();
    const insert = () => cloud.store.insert('works', document);
    const error = await failureUnder({ action: 'insertDocument', ...row.fault }, insert);
    expectFailure(error, 'collection.add', row.numbered, row.problem);
    expect(await cloud.store.get('works', document._id)).toEqual(row.isStored ? document : undefined);
    // The oracle's word about it is true both ways: only what may have happened ever has.
    if (row.isStored) expect(row.problem).toBe('ambiguous');
    expect(await insert()).toBe(row.isStored ? 'exists' : 'inserted');
  });

  it.each(TABLE)('for a read under $name', async (row) => {
    const error = await failureUnder({ action: 'getDocument', ...row.fault }, () => cloud.store.get('works', 'w_1'));
    expectFailure(error, 'collection.get', row.numbered, row.problem);
  });

  it.each(TABLE)('for an update under $name, which has been applied only where it may have been', async (row) => {
    const document = fresh();
    await cloud.store.insert('works', document);
    const update = () => cloud.store.update('works', { id: document._id }, { set: { status: 'failed' } });
    const error = await failureUnder({ action: 'modifyDocument', ...row.fault }, update);
    expectFailure(error, 'collection.update', row.numbered, row.problem);
    expect(await update()).toBe(row.isStored ? 0 : 1);
  });

  it.each(TABLE)('for a grouped count under $name', async (row) => {
    const group = () => cloud.store.group('works', { by: 'status' });
    const error = await failureUnder({ action: 'aggregateDocuments', ...row.fault }, group);
    expectFailure(error, 'collection.aggregate', row.named, row.problem);
  });

  it.each(TABLE)('for the creation of a collection under $name', async (row) => {
    const name = `made_${(made += 1)}`;
    const create = () => cloud.store.createCollection(name);
    const error = await failureUnder({ action: 'addCollection', ...row.fault }, create);
    expectFailure(error, 'createCollection', row.named, row.problem);
    expect(await create()).toBe(row.isStored ? 'exists' : 'created');
  });

  it('is "exists" and no error where the database says in any of its words that the key is taken', async () => {
    const words = ['E11000 duplicate key error collection', '[FailedOperation.DuplicateWrite] x', '[DATABASE_DUPLICATE_WRITE] x'];
    for (const message of words) {
      cloud.meet({ action: 'insertDocument', inject: 'error', code: 'DATABASE_REQUEST_FAILED', message, times: 1 });
      expect(await cloud.store.insert('works', fresh())).toBe('exists');
    }
  });
});

describe('what a fault means that no local cloud can make', () => {
  const failure = (fields: object): Error => Object.assign(new Error('ignored'), fields);
  const cases: readonly (readonly [what: string, thrown: unknown, problem: Problem])[] = [
    ['a lost name server', failure({ errCode: -501001, message: 'getaddrinfo ENOTFOUND tcb-api.tencentcloudapi.com' }), 'transient'],
    ['a name server that is busy', failure({ errCode: -501001, message: 'getaddrinfo EAI_AGAIN tcb' }), 'transient'],
    ['no route', failure({ errCode: -501001, message: 'connect EHOSTUNREACH 10.0.0.1:443' }), 'transient'],
    ['a connection never made', failure({ errCode: -501001, message: 'connect timeout' }), 'transient'],
    ['a timeout that does not say of what', failure({ errCode: -501001, message: 'ETIMEDOUT' }), 'ambiguous'],
    ['no byte for too long', failure({ errCode: -501001, message: 'ESOCKETTIMEDOUT' }), 'ambiguous'],
    ['a request that timed out', failure({ errCode: -501001, message: 'request timeout' }), 'ambiguous'],
    ['a hung-up socket', failure({ errCode: -501001, message: 'resource system error. socket hang up' }), 'ambiguous'],
    ['a resource that is not found, by its words', failure({ errCode: -502005, message: '[ResourceNotFound] Db or Table not exist: works' }), 'not-found'],
    ['a resource that is not found, by its number', failure({ errCode: -502005, message: 'database collection not exists' }), 'not-found'],
    ['a resource that is unavailable', failure({ errCode: -501018, message: 'resource unavailable' }), 'ambiguous'],
    ['a result over 1 MB, by number', failure({ errCode: -602001, message: 'x' }), 'too-large'],
    ['a result over 1 MB, in other words', failure({ errCode: -501001, message: 'data exceed max size' }), 'too-large'],
    ['a transaction that ended', failure({ code: 'DATABASE_TRANSACTION_FAIL', message: '[ResourceUnavailable.TransactionNotExist]' }), 'conflict'],
    ['a busy transaction', { code: 'X', message: '[ResourceUnavailable.TransactionBusy]' }, 'conflict'],
    ['a duplicate, as the client side says it', failure({ errCode: -502001, message: 'multiple write,duplicate key error' }), 'duplicate'],
    ['an expired signature', failure({ errCode: -501001, message: 'SIGN_EXPIRED' }), 'auth'],
    ['no permission for the environment', failure({ errCode: -601004, message: 'api permission denied' }), 'auth'],
    ['a used-up write quota', failure({ errCode: -501016, message: 'x' }), 'quota'],
    ['a plain object instead of an error', { errCode: -502003, errMsg: 'collection.add:fail -502003 denied' }, 'auth'],
    ['a plain object that was reset', { errCode: -501001, errMsg: 'collection.add:fail read ECONNRESET' }, 'ambiguous'],
    ['a page that is no JSON', Object.assign(new SyntaxError('Unexpected end of JSON input'), { errCode: -1 }), 'ambiguous'],
    ['an unknown number', failure({ errCode: -999_999, message: 'x' }), 'ambiguous'],
    ['an unknown name', failure({ code: 'NEW_IN_2027', message: 'x' }), 'ambiguous'],
    ['a thrown string', 'request timeout', 'ambiguous'],
    ['a thrown undefined', undefined, 'ambiguous'],
    ['a thrown null', null, 'ambiguous'],
    ['an error without a word', new Error(), 'ambiguous'],
  ];

  it.each(cases)('%s', (_what, thrown, problem) => {
    expect(problemOf(thrown)).toBe(problem);
  });
});
