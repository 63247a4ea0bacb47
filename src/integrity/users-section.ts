import { beijingDay, type Clock, type Log, type Plain, type Random } from '../core/index.ts';
import { createRetriedReads, createRetrier, type Reads } from '../durable/index.ts';
import {
  addFinding,
  collections,
  concludeFindings,
  statusOf,
  type CheckSection,
  type FoundSoFar,
  type Section,
  type Weights,
} from '../records/index.ts';
import { is, MAX_PAGE, valueAt, type Document, type Store } from '../store/index.ts';
import { judgeUsers, stampOf, type UserFinding, type Verdict } from './user-verdicts.ts';

export interface UsersSectionDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Everything that section `users` can find, worst first. */
const USER_FINDINGS = {
  'generate-count-wrong': 'problem',
  'daily-usage-wrong': 'problem',
  'credits-negative': 'problem',
  'user-malformed': 'problem',
  'user-busy': 'note',
} as const satisfies Weights & Record<UserFinding | 'user-busy', unknown>;

type UsersState = {
  day: string;
  after: string | null;
  isOver: boolean;
  users: number;
  wrong: number;
  /** Users with a use on this Beijing day. */
  activeToday: number;
  found: FoundSoFar;
};

/** The whole quota, since a part of one that is no object looks as if there were none. */
const USER_FIELDS = ['generateCount', 'credits', 'quota'] as const;
/** A user who is never the same twice is left to the next run. */
const MAX_LOOKS = 3;

/**
 * Section `users`: each user's counters against the records, by the rules of the repair. For a page of 1,000 users four
 * requests: the users, their letters, and two grouped counts; one or two more where something is wrong, since only
 * what is wrong twice with nothing moved in between is wrong at all.
 */
export function createUsersSection(deps: UsersSectionDeps): CheckSection {
  const retrier = createRetrier(deps);
  return {
    name: 'users',
    begin: () => begin(beijingDay(deps.clock.now())),
    async advance(from, deadline) {
      const state = structuredClone(from) as UsersState;
      if (!state.isOver) await checkPage(createRetriedReads(deps.store, retrier, { deadline }), state);
      return { state, finished: state.isOver };
    },
    conclude: (state) => conclude(state as UsersState),
  };
}

function begin(day: string): UsersState {
  return { day, after: null, isOver: false, users: 0, wrong: 0, activeToday: 0, found: {} };
}

function conclude({ users, wrong, activeToday, found }: UsersState): Section {
  const findings = concludeFindings(found, USER_FINDINGS);
  const right = users - wrong;
  const figures: Record<string, Plain> = {
    ...{ users, right, wrong, activeToday },
    consistencyRate: users > 0 ? right / users : null,
  };
  return { name: 'users', status: statusOf(findings), figures, findings };
}

async function checkPage(reads: Reads, state: UsersState): Promise<void> {
  const after = state.after === null ? undefined : { id: state.after };
  const page = await reads.page(collections.users, { after, limit: MAX_PAGE, fields: USER_FIELDS });
  const verdicts = page.items.length > 0 ? await settledVerdicts(reads, page.items, state.day) : [];
  state.users += page.items.length;
  for (const user of page.items) state.activeToday += Number(Number(valueAt(user, `quota.used.d${state.day}`)) > 0);
  for (const { userId, findings } of verdicts) {
    state.wrong += Number(findings.includes('generate-count-wrong'));
    for (const kind of findings) addFinding(state.found, kind, [userId]);
  }
  state.after = page.next?.id ?? null;
  state.isOver = page.next === undefined;
}

interface Settled {
  readonly userId: string;
  readonly findings: readonly (UserFinding | 'user-busy')[];
}

// Between the reading of a user and that of the works a call may begin and end. What moved is looked at again.
async function settledVerdicts(reads: Reads, users: readonly Document[], day: string): Promise<readonly Settled[]> {
  const settled: Settled[] = [];
  let suspects = suspicious(await judgeUsers(reads, users, day));
  for (let look = 1; suspects.length > 0; look += 1) {
    const { still, moved } = await lookAgain(reads, suspects, day);
    settled.push(...still.map(({ user, findings }) => ({ userId: user._id, findings })));
    if (look === MAX_LOOKS)
      settled.push(...moved.map(({ _id }) => ({ userId: _id, findings: ['user-busy'] as const })));
    suspects = look < MAX_LOOKS && moved.length > 0 ? suspicious(await judgeUsers(reads, moved, day)) : [];
  }
  return settled.sort((a, b) => (a.userId < b.userId ? -1 : 1));
}

const suspicious = (verdicts: readonly Verdict[]) => verdicts.filter(({ findings }) => findings.length > 0);

async function lookAgain(reads: Reads, suspects: readonly Verdict[], day: string) {
  const where = { _id: is.oneOf(suspects.map(({ user }) => user._id)) };
  const { items } = await reads.page(collections.users, { where, limit: MAX_PAGE, fields: USER_FIELDS });
  const now = new Map(items.map((user) => [user._id, user]));
  // Who is gone by now is neither wrong nor busy.
  const there = suspects.filter(({ user }) => now.has(user._id));
  const hasMoved = ({ user }: Verdict): boolean => stampOf(user, day) !== stampOf(now.get(user._id) ?? user, day);
  return {
    still: there.filter((verdict) => !hasMoved(verdict)),
    moved: there.filter(hasMoved).flatMap(({ user }) => now.get(user._id) ?? []),
  };
}
