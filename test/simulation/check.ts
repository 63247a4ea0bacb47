/** What must hold when a story is over, from the image service's calls, the answers people saw, and the database. */
import type { Work } from '../../src/records/index.ts';
import type { Promised } from './functions.ts';
import type { PaidCall } from './statements.ts';
import type { Story } from './stories.ts';

/** What is there when a story is over. */
export interface Outcome {
  readonly works: readonly Work[];
  readonly users: readonly User[];
  /** The truth about money. */
  readonly paid: readonly PaidCall[];
  /** The truth about promises. */
  readonly promised: readonly Promised[];
  /** What a new person is given. */
  readonly credits: number;
}

interface User {
  readonly credits: number;
  readonly generateCount: number;
  readonly quota?: {
    readonly open: number;
    readonly used: Record<string, number>;
    readonly holds: Record<string, { st: string }>;
  };
}

/**
 * What is wrong: a result that was paid for or acknowledged is gone · there are two, or it was paid twice · a counter,
 * credit or hold is not what the records say · anything else that people were promised.
 */
export const WRONGS = ['lost', 'duplicated', 'wrongCounters', 'other'] as const;
export type Wrong = (typeof WRONGS)[number];

const DAY_MS = 86_400_000;

export interface Violation {
  readonly wrong: Wrong;
  readonly words: string;
}

/** Every rule that was broken; empty when all is well. */
export function violations(outcome: Outcome, story: Story): readonly Violation[] {
  return [...recordsOf(outcome, story), ...answersOf(outcome), ...countersOf(outcome)];
}

function collect(): { found: Violation[]; demand: (holds: boolean, wrong: Wrong, words: string) => void } {
  const found: Violation[] = [];
  return { found, demand: (holds, wrong, words) => void (holds || found.push({ wrong, words })) };
}

function recordsOf({ paid, works }: Outcome, story: Story): readonly Violation[] {
  const { requests = 1, explicitRetries = 0 } = story;
  const { found, demand } = collect();
  demand(works.length <= requests, 'duplicated', `${works.length} records of ${requests} requests`);
  demand(paid.length <= requests + explicitRetries, 'duplicated', `paid ${paid.length} times`);
  const references = new Set(paid.map(({ reference }) => reference));
  demand(references.size === paid.length, 'duplicated', 'one attempt was paid twice');
  for (const { reference } of paid) {
    demand(
      works.some(({ _id }) => reference.startsWith(_id)),
      'lost',
      'paid, and no record',
    );
  }
  for (const { _id, errorCode, createdAt, finishedAt } of works) {
    const isMade = paid.some(({ made, reference }) => made && reference.startsWith(_id));
    const waitedMs = (finishedAt?.getTime() ?? Infinity) - createdAt.getTime();
    demand(errorCode !== 'ONCE_UNKNOWN' || !isMade || waitedMs >= DAY_MS, 'other', 'given up before a day was over');
  }
  demand(
    works.every((work) => work.status !== 'unknown'),
    'other',
    'a record is unknown for ever',
  );
  demand(
    paid.every(({ atMs, untilMs }) => atMs < untilMs),
    'other',
    'paid by a function whose time was over',
  );
  demand(!paid.some((call) => paid.some((other) => isTooSoon(call, other))), 'duplicated', TOO_SOON);
  return found;
}

const TOO_SOON = 'paid again while the attempt before could still be running';

function isTooSoon(again: PaidCall, before: PaidCall): boolean {
  const recordOf = ({ reference }: PaidCall): string => reference.slice(0, reference.lastIndexOf('_'));
  const isAfter = again !== before && again.atMs >= before.atMs && recordOf(again) === recordOf(before);
  return isAfter && again.atMs < before.untilMs;
}

// The picture's name is its attempt's, wherever it lies: at the image service first, then in storage.
const pictureIn = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

function answersOf({ paid, promised, works }: Outcome): readonly Violation[] {
  const { found, demand } = collect();
  for (const { id, status, imageUrl, errorCode } of promised) {
    const kept = works.find((work) => work._id === id);
    demand(kept?.status === status, 'lost', `acknowledged ${status}, is ${kept?.status}`);
    demand(pictureIn(kept?.imageUrl ?? '') === pictureIn(imageUrl), 'lost', 'the acknowledged picture changed');
    const made = paid.some((call) => call.made && call.reference.startsWith(id));
    // Except where nobody saw the picture for a day: then that is what the person is told.
    const isHonest = status === 'completed' || errorCode === 'ONCE_UNKNOWN' || !made;
    demand(isHonest, 'other', 'told that it failed, though the picture was made');
  }
  return found;
}

function countersOf({ works, users: [user], credits }: Outcome): readonly Violation[] {
  if (!user) return [];
  const { found, demand } = collect();
  const count = works.filter((work) => work.status === 'completed').length;
  const used = Object.values(user.quota?.used ?? {}).reduce((sum, uses) => sum + uses, 0);
  const counted = (holds: boolean, words: string): void => demand(holds, 'wrongCounters', words);
  counted(user.generateCount === count, `generateCount ${user.generateCount}, completed ${count}`);
  counted(user.credits === credits - count, `credits ${user.credits}, completed ${count}`);
  counted(used === count, `daily use ${used}, completed ${count}`);
  counted((user.quota?.open ?? 0) === 0, `${user.quota?.open} holds counted as open`);
  const open = Object.values(user.quota?.holds ?? {}).filter((hold) => hold.st === 'open');
  counted(open.length === 0, `${open.length} holds open for ever`);
  return found;
}
