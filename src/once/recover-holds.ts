import { asDurableError, DurableError, isDurableError, type Deadline } from '../core/index.ts';
import { lettersAmong, pagesOf, readMany, walkPages, WIDTH_BESIDE_READING, type WalkReport } from '../durable/index.ts';
import { isFinal } from '../records/index.ts';
import { is, type Document, type PageKey } from '../store/index.ts';
import { openHoldsIn } from './hold.ts';
import type { Parts } from './parts.ts';
import { resolve, type Seen } from './resolve.ts';

/** Accounts: eight rounds, beside which one statement reads ahead. */
const PAGE = 8 * WIDTH_BESIDE_READING;

/** Finishes the calls whose lease is over, account by account: each account's own one after the other. */
export function recoverHolds(parts: Parts, deadline: Deadline, after: PageKey | undefined): Promise<WalkReport> {
  const { kind } = parts;
  const where = { 'quota.open': is.above(0) };
  const read = pagesOf(parts, { collection: kind.accounts, where, limit: PAGE }, deadline);
  return walkPages({
    deadline,
    after,
    width: WIDTH_BESIDE_READING,
    // All that is done is on condition of the hold's own token, and of no final record.
    readsAhead: true,
    async read(from) {
      const page = await read(from);
      const expired = page.items.flatMap((account) => expiredHolds(parts, account));
      // Where a tier cannot be read for all at once, each call finds out by itself.
      const look = await lookUp(parts, expired, deadline).catch((): Look => () => undefined);
      return { ...page, look };
    },
    async visit(account, { look }) {
      const failures: unknown[] = [];
      let ended = 0;
      for (const attempt of expiredHolds(parts, account)) {
        const key = { id: attempt.recordId, accountId: account._id };
        const record = await resolve(parts, key, deadline, look(account, attempt)).catch((error: unknown) => {
          failures.push(ofRecord(attempt.recordId, error));
        });
        ended += Number(isFinal(record?.['status']));
      }
      // One for which no time was left is first: then the walk stops before this account.
      if (failures.length > 0) throw failures.find((error) => isDurableError(error, 'DEADLINE_PASSED')) ?? failures[0];
      // One whose result stays unknown is left for later.
      return ended > 0;
    },
  });
}

// Somebody must be able to look at the call itself; its account may have many.
function ofRecord(recordId: string, error: unknown): DurableError {
  const { code, message, details, cause } = asDurableError(error);
  const text = message.replace(/^\[\w+\] /, '');
  return new DurableError(code, text, { cause: cause ?? error, details: { ...details, recordId } });
}

interface Attempt {
  readonly recordId: string;
  readonly attempt: number;
}

/** What was read about a call for the whole page; undefined where nothing was. */
type Look = (account: Document, attempt: Attempt) => Seen | undefined;

function expiredHolds({ clock, kind }: Parts, account: Document): readonly Attempt[] {
  const nowMs = clock.now();
  return openHoldsIn(account, kind)
    .filter(([, { until }]) => until <= nowMs)
    .map(([recordId, { attempt }]) => ({ recordId, attempt }));
}

async function lookUp(parts: Parts, attempts: readonly Attempt[], deadline: Deadline): Promise<Look> {
  const ids = attempts.map(({ recordId }) => recordId);
  const records = await readMany(parts, { collection: parts.kind.records, ids }, deadline);
  const letterOf = await lettersAmong(parts, attempts, deadline);
  const asked = new Set(ids);
  return (account, attempt) => {
    // One whose lease ended since then was not asked for.
    if (!asked.has(attempt.recordId)) return undefined;
    return { account, record: records.get(attempt.recordId), letter: letterOf(attempt) };
  };
}
