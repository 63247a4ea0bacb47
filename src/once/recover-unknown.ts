import type { Deadline } from '../core/index.ts';
import {
  KEY_PATIENCE_MS,
  pagesOf,
  readMany,
  walkPages,
  WIDTH,
  type Letter,
  type WalkReport,
} from '../durable/index.ts';
import { isFinal } from '../records/index.ts';
import type { Document, PageKey } from '../store/index.ts';
import { holdIn } from './hold.ts';
import type { Parts } from './parts.ts';
import { homeOf } from './recover-letters.ts';
import { failUnknown, isUseless, resolve } from './resolve.ts';

const PAGE = 128;
const DAY_MS = 86_400_000;

/** Ends `unknown` records under no open hold; those under one, the holds' own phase resolves. */
export function recoverUnknown(parts: Parts, deadline: Deadline, after: PageKey | undefined): Promise<WalkReport> {
  const { kind } = parts;
  const read = pagesOf(parts, { collection: kind.records, where: { status: 'unknown' }, limit: PAGE }, deadline);
  return walkPages({
    deadline,
    after,
    width: WIDTH,
    async read(from) {
      const page = await read(from);
      const ids = page.items.map((record) => String(record['userId']));
      // After the records: a hold that is gone then was gone, or closed, when its record was read.
      const accounts = await readMany(parts, { collection: kind.accounts, ids }, deadline);
      return { ...page, accounts };
    },
    async visit(record, { accounts }) {
      const accountId = String(record['userId']);
      const account = accounts.get(accountId);
      const hold = account && holdIn(account, record._id);
      if (!hold) return endOrphan(parts, record, deadline);
      if (hold.st === 'open' && isListed(account)) return false;
      return isFinal((await resolve(parts, { id: record._id, accountId }, deadline))?.['status']);
    },
  });
}

// Whether the holds' phase finds this account.
function isListed(account: Document): boolean {
  const { quota } = account as { quota?: { open?: unknown } };
  return typeof quota?.open === 'number' && quota.open > 0;
}

/**
 * A record whose account or hold is gone: nobody is working on it, and nothing can be given back. Its letter alone may
 * tell more; a day after it was made, it is over without. (`finishedAt` is set by final records only.)
 */
async function endOrphan(parts: Parts, record: Document, deadline: Deadline): Promise<boolean> {
  const { createdAt, token } = record;
  const madeAtMs = createdAt instanceof Date || typeof createdAt === 'string' ? new Date(createdAt).getTime() : NaN;
  const isOver = parts.clock.now() >= madeAtMs + (parts.options.unknownExpiresMs ?? DAY_MS);
  if (!isOver || typeof token !== 'string') return false;
  const letter = await letterOf(parts, { ...record, token }, deadline).catch((error: unknown) => {
    if (!isUseless(error)) throw error;
    if (error.details['awaits'] === 'key' && parts.clock.now() < madeAtMs + KEY_PATIENCE_MS) throw error;
    parts.log.write('error', 'once.letter-overlooked', { recordId: record._id, code: error.code });
  });
  if (letter) return isFinal((await parts.writer.store({ ...homeOf(parts, letter), deadline })).record['status']);
  const now = await failUnknown(parts, record, deadline);
  parts.log.write('warn', 'once.orphan-ended', { recordId: record._id, status: String(now?.['status']) });
  return isFinal(now?.['status']);
}

async function letterOf(
  { writer }: Parts,
  { _id: recordId, attempt, token }: Document & { readonly token: string },
  deadline: Deadline,
): Promise<Letter | undefined> {
  if (typeof attempt !== 'number') return undefined;
  const found = await writer.findLetter({ recordId, attempt, token }, deadline);
  return isFinal(found?.letter.payload['status']) ? found?.letter : undefined;
}
