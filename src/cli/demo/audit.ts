import type { PictureCall } from '../../emulator/index.ts';
import { isDelivered, type Wish } from './people.ts';
import type { Stored } from './stage.ts';

/** What the world looks like from outside: what was paid, what people saw, what is stored. */
export interface Evidence {
  readonly wishes: readonly Wish[];
  readonly paid: readonly PictureCall[];
  readonly works: readonly Stored[];
  readonly letters: readonly Stored[];
  readonly users: readonly Stored[];
  readonly log: readonly Stored[];
  readonly initialCredits: number;
}

/** The figures of the demonstration; none comes from the library's own counters. */
export interface Figures {
  /** Pictures that people asked for. */
  readonly calls: number;
  /** Of these, delivered to the person in the end. */
  readonly delivered: number;
  readonly completed: number;
  readonly records: number;
  /** Records beyond one for a request. */
  readonly duplicates: number;
  /** Paid for without a record, or acknowledged and no longer there as acknowledged. */
  readonly lost: number;
  readonly paidTwice: number;
  /** Refused before anything was paid. */
  readonly refused: number;
  readonly unknown: number;
  readonly onlyInLog: number;
  /** Records that had to be kept in a lower tier, in the database or in storage. */
  readonly deadLetters: number;
  /** Of these, brought home. */
  readonly redriven: number;
  readonly countersRight: boolean;
}

/** Works out the figures from the evidence. */
export function audit(evidence: Evidence): Figures {
  const { wishes, works } = evidence;
  const byRequest = new Set(works.map((work) => `${text(work['userId'])} ${text(work['requestId'])}`));
  const letters = lettersOf(evidence);
  const home = new Set(works.map((work) => text(work['_id'])));
  return {
    calls: wishes.length,
    delivered: wishes.filter(isDelivered).length,
    completed: works.filter((work) => work['status'] === 'completed' && isWished(work)).length,
    records: works.filter(isWished).length,
    duplicates: works.length - byRequest.size,
    lost: paidWithoutRecord(evidence) + brokenPromises(evidence),
    paidTwice: paidTwice(evidence.paid),
    refused: wishes.filter((wish) => !isDelivered(wish) && !wasPaid(evidence, wish)).length,
    unknown: works.filter((work) => work['status'] === 'unknown').length,
    onlyInLog: wishes.filter((wish) => wish.answers.at(-1)?.savedIn === 'log').length,
    deadLetters: letters.size,
    redriven: [...letters].filter((letterId) => home.has(recordOf(letterId))).length,
    countersRight: evidence.users.every((user) => areCountersRight(user, evidence)),
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const recordOf = (letterId: string): string => letterId.replace(/_\d+$/, '');
// The registrations before the acts leave a failed record each; they are no part of the figures.
const isWished = (work: Stored): boolean => text(work['requestId']).startsWith('demo-');

// Letters in the collection, and files that were written as letters: both are told by what was committed.
function lettersOf({ letters, log }: Evidence): ReadonlySet<string> {
  const files = log
    .filter((entry) => entry['op'] === 'putFile' && text(entry['id']).startsWith('wx-durable/letters/'))
    .map((entry) =>
      text(entry['id'])
        .replace(/^.*\//, '')
        .replace(/\.json$/, ''),
    );
  return new Set([...letters.map((letter) => text(letter['_id'])), ...files]);
}

function paidRecords(paid: readonly PictureCall[]): readonly string[] {
  return paid.filter((call) => call.outcome === 'painted').map((call) => recordOf(call.requestId ?? ''));
}

function paidTwice(paid: readonly PictureCall[]): number {
  const records = paidRecords(paid);
  return records.length - new Set(records).size;
}

function paidWithoutRecord({ paid, works }: Evidence): number {
  const stored = new Set(works.map((work) => text(work['_id'])));
  return new Set(paidRecords(paid).filter((id) => !stored.has(id))).size;
}

function brokenPromises({ wishes, works }: Evidence): number {
  const stored = new Map(works.map((work) => [text(work['_id']), work]));
  const promised = wishes.flatMap((wish) =>
    wish.answers.filter((answer) => answer.code === 200 && answer.savedIn !== 'log'),
  );
  return promised.filter(({ workId, imageUrl }) => {
    const work = stored.get(workId);
    return work?.['status'] !== 'completed' || work['imageUrl'] !== imageUrl;
  }).length;
}

function wasPaid({ works, paid }: Evidence, wish: Wish): boolean {
  const work = works.find((candidate) => candidate['requestId'] === wish.requestId);
  return work !== undefined && paidRecords(paid).includes(text(work['_id']));
}

interface UserFields {
  readonly _id: string;
  readonly generateCount: number;
  readonly credits: number;
  readonly quota: { readonly open: number; readonly used: Readonly<Record<string, number>> };
}

// An unknown record keeps its reservation until a day has passed; everything else is settled.
function areCountersRight(stored: Stored, { works, initialCredits }: Evidence): boolean {
  const user = stored as unknown as UserFields;
  const own = works.filter((work) => work['userId'] === user._id);
  const completed = own.filter((work) => work['status'] === 'completed').length;
  const unknown = own.filter((work) => work['status'] === 'unknown').length;
  const used = Object.values(user.quota.used).reduce((sum, count) => sum + count, 0);
  return (
    user.generateCount === completed &&
    user.credits === initialCredits - completed - unknown &&
    used === completed + unknown &&
    user.quota.open === unknown
  );
}
