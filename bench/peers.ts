/** What people use instead, each as its own documentation shows it. */
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { IdempotencyItemAlreadyExistsError, IdempotencyItemNotFoundError } from '@aws-lambda-powertools/idempotency';
import { BasePersistenceLayer, type IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';
import {
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleAll,
  handleWhen,
  isBrokenCircuitError,
  retry,
  wrap,
} from 'cockatiel';
import runWithRetry from 'p-retry';

/** A record that somebody saves. */
export interface Saved {
  readonly _id: string;
  readonly [field: string]: unknown;
}

type Save = (record: Saved) => Promise<unknown>;

/** `save` in three attempts: with p-retry; with cockatiel's retry and breaker, whose open circuit is not retried. */
export function createRetryPeers(save: Save): Readonly<Record<'pRetry' | 'cockatiel', Save>> {
  const isWorthwhile = handleWhen((error) => !isBrokenCircuitError(error));
  const policy = wrap(
    retry(isWorthwhile, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
  );
  return {
    pRetry: (record) => runWithRetry(() => save(record), { retries: 2 }),
    cockatiel: (record) => policy.execute(() => save(record)),
  };
}

/** `save` behind Powertools' idempotency, whose records are kept in memory. */
export function createIdempotent(save: Save): Save {
  const config = new IdempotencyConfig({ eventKeyJmesPath: '_id' });
  // It asks how much time the function has left.
  config.registerLambdaContext({ getRemainingTimeInMillis: () => 20_000 });
  const run = async (record: Saved): Promise<string> => {
    await save(record);
    return record._id;
  };
  return makeIdempotent(run as never, { persistenceStore: new InMemory(), config }) as unknown as Save;
}

class InMemory extends BasePersistenceLayer {
  readonly #records = new Map<string, IdempotencyRecord>();

  protected async _putRecord(record: IdempotencyRecord): Promise<void> {
    const existing = this.#records.get(record.idempotencyKey);
    if (existing) throw new IdempotencyItemAlreadyExistsError('exists', existing);
    this.#records.set(record.idempotencyKey, record);
  }

  protected async _getRecord(key: string): Promise<IdempotencyRecord> {
    const record = this.#records.get(key);
    if (!record) throw new IdempotencyItemNotFoundError();
    return record;
  }

  protected async _updateRecord(record: IdempotencyRecord): Promise<void> {
    this.#records.set(record.idempotencyKey, record);
  }

  protected async _deleteRecord(record: IdempotencyRecord): Promise<void> {
    this.#records.delete(record.idempotencyKey);
  }
}
