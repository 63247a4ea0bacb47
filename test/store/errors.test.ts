import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDurableError, type Category, type Code, type DurableError } from '../../src/core/index.ts';
import type { FaultRule } from '../../src/emulator/index.ts';
import type { Document } from '../../src/store/index.ts';
import { problemOf, type Problem } from '../../src/store/cloudbase/index.ts';
import { FAULT_CASES, type Seen } from './fault-table.ts';
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

const named = (fault: FaultRule): string => JSON.stringify(fault).replaceAll('"', '');
const TABLE = FAULT_CASES.map((row) => ({ ...row, name: named(row.fault) }));

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
    const words = [
      'E11000 duplicate key error collection',
      '[FailedOperation.DuplicateWrite] x',
      '[DATABASE_DUPLICATE_WRITE] x',
    ];
    for (const message of words) {
      cloud.meet({ action: 'insertDocument', inject: 'error', code: 'DATABASE_REQUEST_FAILED', message, times: 1 });
      expect(await cloud.store.insert('works', fresh())).toBe('exists');
    }
  });
});

describe('what a fault means that no local cloud can make', () => {
  const failure = (fields: object): Error => Object.assign(new Error('ignored'), fields);
  const cases: readonly (readonly [what: string, thrown: unknown, problem: Problem])[] = [
    [
      'a lost name server',
      failure({ errCode: -501001, message: 'getaddrinfo ENOTFOUND tcb-api.tencentcloudapi.com' }),
      'transient',
    ],
    ['a name server that is busy', failure({ errCode: -501001, message: 'getaddrinfo EAI_AGAIN tcb' }), 'transient'],
    ['no route', failure({ errCode: -501001, message: 'connect EHOSTUNREACH 10.0.0.1:443' }), 'transient'],
    ['a connection never made', failure({ errCode: -501001, message: 'connect timeout' }), 'transient'],
    ['a timeout that does not say of what', failure({ errCode: -501001, message: 'ETIMEDOUT' }), 'ambiguous'],
    ['no byte for too long', failure({ errCode: -501001, message: 'ESOCKETTIMEDOUT' }), 'ambiguous'],
    ['a request that timed out', failure({ errCode: -501001, message: 'request timeout' }), 'ambiguous'],
    ['a hung-up socket', failure({ errCode: -501001, message: 'resource system error. socket hang up' }), 'ambiguous'],
    [
      'a resource that is not found, by its words',
      failure({ errCode: -502005, message: '[ResourceNotFound] Db or Table not exist: works' }),
      'not-found',
    ],
    [
      'a resource that is not found, by its number',
      failure({ errCode: -502005, message: 'database collection not exists' }),
      'not-found',
    ],
    ['a resource that is unavailable', failure({ errCode: -501018, message: 'resource unavailable' }), 'ambiguous'],
    ['a result over 1 MB, by number', failure({ errCode: -602001, message: 'x' }), 'too-large'],
    ['a result over 1 MB, in other words', failure({ errCode: -501001, message: 'data exceed max size' }), 'too-large'],
    [
      'a transaction that ended',
      failure({ code: 'DATABASE_TRANSACTION_FAIL', message: '[ResourceUnavailable.TransactionNotExist]' }),
      'conflict',
    ],
    ['a busy transaction', { code: 'X', message: '[ResourceUnavailable.TransactionBusy]' }, 'conflict'],
    [
      'a duplicate, as the client side says it',
      failure({ errCode: -502001, message: 'multiple write,duplicate key error' }),
      'duplicate',
    ],
    ['an expired signature', failure({ errCode: -501001, message: 'SIGN_EXPIRED' }), 'auth'],
    ['no permission for the environment', failure({ errCode: -601004, message: 'api permission denied' }), 'auth'],
    ['a used-up write quota', failure({ errCode: -501016, message: 'x' }), 'quota'],
    ['a plain object instead of an error', { errCode: -502003, errMsg: 'collection.add:fail -502003 denied' }, 'auth'],
    ['a plain object that was reset', { errCode: -501001, errMsg: 'collection.add:fail read ECONNRESET' }, 'ambiguous'],
    [
      'a page that is no JSON',
      Object.assign(new SyntaxError('Unexpected end of JSON input'), { errCode: -1 }),
      'ambiguous',
    ],
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
