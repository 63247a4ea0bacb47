/** Mistakes that somebody could make in a hurry, each of which the random histories must find. */
import { ONCE, EARLIER, OPEN, RESOLVE, planted, type Mutation } from './mutation.ts';
import { ruleMutations } from './rules.ts';

const WRITER = 'src/durable/writer.ts';
const QUOTA = 'src/generation/quota.ts';

/** A rule taken away, by its name. */
function without(name: string): Mutation {
  const found = ruleMutations.find((mutation) => mutation.name === name);
  if (!found) throw new Error(`no rule is taken away under the name "${name}"`);
  return { name, edits: found.edits };
}

export const bugs: readonly Mutation[] = [
  planted(
    'takes a record that was there for its own',
    WRITER,
    "if (inserted === 'inserted') return { status: 'stored', record, attempts: [] };",
    "if (inserted) return { status: 'stored', record, attempts: [] };",
  ),
  planted(
    'skips the reading back',
    WRITER,
    'const stored = await readBack(parts.store, request, call);',
    'const stored = record;',
  ),
  planted(
    'pays without waiting for the intent',
    OPEN,
    'const tried = await takeAndLook(parts, { key, step, deadline });',
    'const tried = { ok: true, value: OPENED } as any;\n  void takeAndLook(parts, { key, step, deadline });',
  ),
  without('resolves before the lease is over'),
  without('closes what is closed'),
  without('closes under any token'),
  without('letters are not keyed by attempt'),
  without('closes before the record is acknowledged'),
  without('closes by a record that only storage holds'),
  without('replaces a final record'),
  without('never gives up what is unknown'),
  {
    name: 'allows one picture more than the quota (<= for <)',
    edits: [
      {
        file: QUOTA,
        find: 'is.absentOr(is.below(DAILY_LIMITS[account.type]))',
        replace: 'is.absentOr(is.atMost(DAILY_LIMITS[account.type]))',
      },
      { file: QUOTA, find: 'usedPath(day)) >= limit)', replace: 'usedPath(day)) > limit)' },
    ],
  },
  planted(
    'counts no try of the day',
    QUOTA,
    'return { [usedPath(day)]: 1, [triesPath(day)]: 1, credits: -price };',
    'return { [usedPath(day)]: 1, credits: -price };',
  ),
  planted(
    'writes the lease in seconds',
    ONCE,
    'until: deadline.atMs + LEASE_GRACE_MS,',
    'until: (deadline.atMs + LEASE_GRACE_MS) / 1_000,',
  ),
  planted('prunes holds after seconds', 'src/once/prune.ts', 'const HOUR_MS = 3_600_000;', 'const HOUR_MS = 3_600;'),
  planted('gives up after seconds', RESOLVE, 'const DAY_MS = 86_400_000;', 'const DAY_MS = 86_400;'),
  planted(
    'drops records while a breaker is open',
    WRITER,
    'const tier = await keepLetter(parts, letter, request.deadline);',
    "const tier = tried.error.details['breaker'] === 'open' ? 'storage' : await keepLetter(parts, letter, request.deadline);",
  ),
  planted(
    'repairs counters whatever was opened or closed since',
    'src/integrity/user-counts.ts',
    "'quota.seq': typeof seq === 'number' ? seq : is.absent(),",
    '',
  ),
  planted(
    'leaves no tombstone',
    OPEN,
    'const steps = [planTombstone(key.id, hold, seen), planSettle(',
    'const steps = [planSettle(',
  ),
  planted(
    'does not verify seals',
    'src/durable/letter.ts',
    "if (proof === 'signed' || proof === least) return",
    'if (proof) return',
  ),
  planted(
    'computes the day at UTC',
    'src/core/day.ts',
    'new Date(atMs + OFFSET_MS).toISOString()',
    'new Date(atMs).toISOString()',
  ),
  planted('pays again by itself for what is unknown', EARLIER, 'if (!request.retryUnknown || ', 'if ('),
  planted(
    'does not compare payloads',
    ONCE,
    "if (record && record['hash'] !== request.hash) throw mismatch(request.id);",
    '',
  ),
  planted(
    'counts what failed, and keeps its price',
    'src/once/parts.ts',
    "status === 'completed'\n      ? ({ st: 'done'",
    "status\n      ? ({ st: 'done'",
  ),
  planted(
    'says failed where the answer was not seen',
    'src/once/pay.ts',
    "return { status: 'unknown', error: cause };",
    "return { status: 'failed', error: cause };",
  ),
  planted(
    'does not find accounts with a single open call',
    'src/once/recover-holds.ts',
    "'quota.open': is.above(0)",
    "'quota.open': is.above(1)",
  ),
  planted(
    'names records by the request alone',
    'src/core/ids.ts',
    'hash.sha256(`${openid}\\u0000${requestId}`)',
    'hash.sha256(requestId)',
  ),
  planted(
    'acknowledges letters that the collection did not take',
    'src/durable/tiers.ts',
    'insertLetter(store, { collection: deadLetters, letter }, { ...call, timeoutMs }),\n  );\n  return tried.ok;',
    'insertLetter(store, { collection: deadLetters, letter }, { ...call, timeoutMs }),\n  );\n  return true || tried.ok;',
  ),
  planted(
    'gives the picture of an older letter the id that its letter has',
    'src/durable/letter.ts',
    '_id: pictureId(record, authenticator) ?? id }',
    '_id: id }',
  ),
  planted(
    'stores an older letter beside its record',
    'src/once/recover-letters.ts',
    "if (twin.items.length > 0) return 'superseded';",
    '',
  ),
  {
    name: 'forgets that a record was deleted while it was a letter',
    edits: [
      {
        file: 'src/durable/mark-letter.ts',
        find: 'if (!letter || deletedAt === undefined) return;',
        replace: 'return;',
      },
      {
        file: RESOLVE,
        find: 'const deleted = letter.deletedAt ? { deletedAt: letter.deletedAt } : {};',
        replace: 'const deleted = {};',
      },
    ],
  },
];
