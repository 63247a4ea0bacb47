/** What must stand in the accounts at the end: I10, I11, I20. */
import type { Document } from '../../../src/store/index.ts';
import type { Findings } from './findings.ts';
import type { Case } from './judge-records.ts';
import type { AccountBefore } from './truth.ts';

export interface Hold {
  readonly attempt?: unknown;
  readonly st?: string;
  readonly token?: string;
  readonly day?: unknown;
  readonly at?: unknown;
}

export interface Quota {
  readonly open?: number;
  readonly seq?: number;
  readonly used?: Readonly<Record<string, number>>;
  readonly tries?: Readonly<Record<string, number>>;
  readonly holds?: Readonly<Record<string, Hold | null>>;
}

export const quotaOf = (user: Document): Quota => user['quota'] ?? {};

export function judgeAccounts({ truth, stored, works }: Case, findings: Findings): void {
  const owned = new Map<string, Document[]>();
  for (const record of [...works.values()].flat()) {
    const owner = String(record['userId']);
    owned.set(owner, [...(owned.get(owner) ?? []), record]);
  }
  const users = new Map(stored.users.map((user) => [user._id, user]));
  for (const before of truth.accounts ?? []) {
    const user = users.get(before.userId);
    if (user) judgeAccount({ user, before, records: owned.get(user._id) ?? [] }, findings);
  }
}

interface Account {
  readonly user: Document;
  readonly before: AccountBefore;
  readonly records: readonly Document[];
}

function judgeAccount({ user, before, records }: Account, { demand }: Findings): void {
  const completed = records.filter(({ status }) => status === 'completed');
  const { credits, generateCount = 0 } = user;
  const about = user._id;
  const due = before.credits - before.price * completed.length;
  demand(generateCount === completed.length, 'I10', () => counted(generateCount, completed.length), about);
  demand(credits === due, 'I10', () => `credits are ${String(credits)}, should be ${due}`, about);
  const quota = quotaOf(user);
  demand((quota.open ?? 0) === 0, 'I20', () => `${quota.open} holds counted as open`, about);
  const open = Object.entries(quota.holds ?? {}).filter(([, hold]) => hold?.st === 'open');
  demand(open.length === 0, 'I20', () => `open for ever: ${open.map(([id]) => id).join()}`, about);
  judgeDays({ user, before, records: completed }, { demand });
}

// A counter of a day may have been pruned, or never been there: what was made is in the records, whatever it says.
function judgeDays({ user, before, records }: Account, { demand }: Pick<Findings, 'demand'>): void {
  const { used = {} } = quotaOf(user);
  const made = new Map<string, number>();
  for (const { day } of records) if (typeof day === 'string') made.set(`d${day}`, (made.get(`d${day}`) ?? 0) + 1);
  for (const day of new Set([...Object.keys(used), ...made.keys()])) {
    const due = (made.get(day) ?? 0) + (before.used?.[day] ?? 0);
    const count = used[day] ?? due;
    demand(count === due, 'I10', () => `used ${count} on ${day}, should be ${due}`, user._id);
    demand(due <= before.dailyLimit, 'I11', () => `${due} pictures on ${day}`, user._id);
  }
}

const counted = (count: unknown, due: number): string => `generateCount is ${String(count)}, should be ${due}`;
