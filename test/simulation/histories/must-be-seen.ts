/** Situations that a thousand histories must meet at least once, or they prove nothing about them. */
export const MUST_BE_SEEN: readonly string[] = [
  'tier: emergency_backup',
  'tier: storage',
  'tier: log',
  'breaker: open',
  'reopened and paid',
  'once.unknown',
  'letter: redriven',
  'letter: superseded',
  'letter: quarantined',
  'unknown ended: by its letter',
  'unknown ended: by its task',
  'unknown ended: after a day',
  'count repair: deferred by seq',
  'holds: pruned',
];
