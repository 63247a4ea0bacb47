import { KIND_NAMES } from './kinds.ts';
import { PLACES, TROUBLES } from './profile.ts';

/** The statements of one call, of recovery and of repair. */
const STEPS = [
  ...['page users', 'get works', 'update users', 'submit provider', 'ask provider', 'download provider', 'put storage'],
  ...['insert works', 'insert emergency_backup', 'get storage', 'get emergency_backup', 'get users', 'page works'],
  ...['page emergency_backup', 'update works'],
];

const each = (words: string, names: readonly string[]): readonly string[] => names.map((name) => `${words}: ${name}`);

/** Situations that a thousand histories must meet at least once, or they prove nothing about them. */
export const MUST_BE_SEEN: readonly string[] = [
  ...TROUBLES,
  'down',
  'deleted by its owner',
  ...each('order', ['address', 'bytes', 'task', 'junk', 'refusal', 'unclear', 'slow']),
  ...each('killed at', STEPS),
  ...each('struck by', ['freeze', 'clock']),
  ...each('ended before its answer', ['generateImage', 'recover', 'repair', 'prune']),
  ...each('call in an outage of', PLACES),
  ...each('at once', ['two recoveries', 'recovery and a call', 'repair and a call']),
  ...['asked twice at once', 'asked again'],
  ...each('kind', KIND_NAMES),
  ...each('tier', ['emergency_backup', 'storage', 'log']),
  ...each('error', ['STORE_UNAVAILABLE', 'STORE_UNCERTAIN', 'STORE_THROTTLED', 'DEADLINE_PASSED']),
  ...each('breaker', ['open', 'half-open', 'closed']),
  ...each('replayed from', ['works', 'emergency_backup', 'storage']),
  ...each('letter', ['redriven', 'superseded', 'quarantined', 'forged']),
  ...each('unknown ended', ['by its letter', 'by its task', 'by its own call', 'after a day']),
  ...each('recovered', ['completed', 'failed']),
  ...each('count repair', ['applied', 'deferred by seq']),
  ...each('holds', ['pruned']),
  ...each('hold', ['done', 'back']),
  ...each('told', [
    'ONCE_IN_PROGRESS',
    'ONCE_UNKNOWN',
    'IDEMPOTENCY_MISMATCH',
    'QUOTA_EXCEEDED',
    'CREDITS_INSUFFICIENT',
  ]),
  ...['reopened and paid', 'once.unknown', 'once.abandoned', 'once.close-postponed', 'once.task-not-noted'],
  ...['write.lost', 'log: read back', 'recovery: stopped at a checkpoint'],
];
