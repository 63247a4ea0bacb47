import { SCHEMA_VERSION } from '../records/index.ts';
import type { Document } from '../store/index.ts';
import type { Amounts, Terms } from './hold.ts';
import type { Basis, Kind, Payment } from './kind.ts';

export interface PlainKindOptions {
  /** Collection of the records. */
  readonly records: string;
  /** Collection of the accounts that pay. */
  readonly accounts: string;
}

/**
 * A kind of costly call about which nothing is known in advance: what it takes and counts stands in its hold,
 * and its record is made of the draft, the result, and the fields the protocol needs. So recovery needs no
 * more than the names of the two collections.
 */
export function createPlainKind({ records, accounts }: PlainKindOptions): Kind {
  return {
    records,
    accounts,
    take: (terms) => amountsOf(terms.take, 1),
    back: (terms) => amountsOf(terms.take, -1),
    done: (terms) => amountsOf(terms.done, 1),
    record,
    finish,
  };
}

// A path has dots, which may not stand in a stored field's name: pairs are stored instead of a mapping.
function amountsOf(pairs: Terms['take'], sign: 1 | -1): Amounts {
  return Object.fromEntries((pairs ?? []).map(([path, by]) => [path, by * sign]));
}

function record({ id, accountId, hold }: Basis): Document {
  return {
    ...hold.draft,
    _id: id,
    userId: accountId,
    status: 'unknown',
    errorMessage: '',
    errorCode: null,
    createdAt: new Date(hold.at),
    finishedAt: null,
    token: hold.token,
    attempt: hold.attempt,
    hash: hold.hash,
    schemaVersion: SCHEMA_VERSION,
  };
}

function finish(base: Document, payment: Payment, atMs: number): Document {
  const { status } = payment;
  const finishedAt = status === 'unknown' ? null : new Date(atMs);
  // The result cannot take the place of the fields that the protocol stands on.
  if (payment.status === 'completed') return { ...payment.fields, ...base, status, finishedAt };
  const { error } = payment;
  return { ...base, status, finishedAt, errorMessage: error.message, errorCode: error.code };
}
