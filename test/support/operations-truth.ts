/** What a planted deployment holds at first, and what it must hold afterwards: counted from the plants alone. */
import { nodeClock } from '../../src/core/node/index.ts';
import { createCloudbaseBlobs } from '../../src/store/cloudbase/index.ts';
import type { Document } from '../../src/store/index.ts';
import { openSdk } from './in-process.ts';
import type { LocalCloud } from './local-cloud.ts';
import { openidOf, personIdOf, plantCalls, type End, type OperationsOptions, type Plant } from './operations.ts';

const CREDITS = 20;

/** After the first recovery · after five, and the repair of the counters · a day after that. */
export type Moment = 'after' | 'settled' | 'later';

/** What of a deployment must be right: everything but moments and the numbers of writes. */
export interface Sight {
  readonly works: Readonly<Record<string, unknown>>;
  readonly users: Readonly<Record<string, unknown>>;
  readonly letters: Readonly<Record<string, unknown>>;
}

export type Operations = ReturnType<typeof plantOperations>;

/** People and calls, and the truth about them. */
export function plantOperations(options: OperationsOptions) {
  const plants = plantCalls(options);
  const owners = Array.from({ length: options.people }, (_, owner) => owner);
  return {
    plants,
    /** The people whose counter is wrong. */
    wrong: owners.filter(isWrong).map(personIdOf),
    documents: {
      users: owners.map((owner) => userOf(owner, of(plants, owner))),
      works: plants.flatMap(({ works }) => works),
      emergency_backup: plants.flatMap(({ letters }) => letters),
    },
    files: plants.flatMap(({ file }) => file ?? []),
    ofKind: (kind: Plant['kind']) => plants.filter((plant) => plant.kind === kind),
    truth: (moment: Moment): Sight => ({
      works: byId(plants.flatMap((plant) => workSight(plant, plant[moment]))),
      users: byId(owners.map((owner) => userSight(owner, of(plants, owner), moment))),
      letters: byId(plants.flatMap((plant) => letterSights(plant, plant[moment]))),
    }),
  };
}

/** Makes the cloud what was planted; files that are no letter of it stay. */
export async function load(cloud: LocalCloud, { documents, files }: Operations): Promise<void> {
  for (const [name, all] of Object.entries(documents)) await cloud.load(name, all);
  const blobs = createCloudbaseBlobs(openSdk(cloud), nodeClock, fetch);
  for (const { name, text } of files) await blobs.put(name, new TextEncoder().encode(text));
}

/** What the cloud holds. */
export async function look(cloud: LocalCloud): Promise<Sight> {
  const [works, users, letters] = await Promise.all(['works', 'users', 'emergency_backup'].map(cloud.dump));
  return {
    works: byId((works ?? []).map((work) => [work._id, seenWork(work)])),
    users: byId((users ?? []).map((user) => [user._id, seenUser(user)])),
    letters: byId((letters ?? []).map(({ _id, state }) => [_id, state ?? 'waiting'])),
  };
}

/**
 * As `look`, after runs that were killed or met one another: an older letter has no token, so that its own copy, stored
 * by another run, is taken for the record of somebody who was first. It is home either way.
 */
export async function lookLeniently(cloud: LocalCloud, { ofKind }: Operations): Promise<Sight> {
  const sight = await look(cloud);
  const older = ofKind('an older letter').flatMap(({ letters }) => letters.map(({ _id }) => _id));
  const superseded = older.filter((id) => sight.letters[id] === 'superseded');
  return { ...sight, letters: { ...sight.letters, ...Object.fromEntries(superseded.map((id) => [id, 'redriven'])) } };
}

const of = (plants: readonly Plant[], owner: number) => plants.filter((plant) => plant.owner === owner);
const sum = <T>(items: readonly T[], number: (item: T) => number): number =>
  items.reduce((total, item) => total + number(item), 0);

const byId = <T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

const isWrong = (owner: number): boolean => owner % 3 === 0;

/** Every third counter is wrong: too high, too low, absent, or null where nothing is open that would have to add to it. */
function plantedCount(owner: number, plants: readonly Plant[]): number | null | undefined {
  const right = sum(plants, ({ before }) => Number(before.isCounted));
  if (!isWrong(owner)) return right;
  const isOpen = plants.some(({ hold }) => hold?.['st'] === 'open');
  return [right + 7, right - 1, isOpen ? undefined : null][(owner / 3) % 3];
}

function countAt(moment: Moment, owner: number, plants: readonly Plant[]): number | null | undefined {
  if (moment !== 'after') return sum(plants, (plant) => Number(plant[moment].isCounted));
  const planted = plantedCount(owner, plants);
  const closed = plants.filter(({ hold, after }) => hold?.['st'] === 'open' && after.hold === 'done').length;
  return closed > 0 ? (planted ?? 0) + closed : planted;
}

function userOf(owner: number, plants: readonly Plant[]): Document {
  const held = plants.flatMap(({ hold }) => hold ?? []);
  const count = plantedCount(owner, plants);
  return {
    _id: personIdOf(owner),
    openid: openidOf(owner),
    credits: CREDITS - sum(plants, ({ before }) => Number(before.isTaken)),
    ...(count === undefined ? {} : { generateCount: count }),
    vipLevel: 0,
    nickname: `用户 ${owner}`,
    quota: {
      open: held.filter(({ st }) => st === 'open').length,
      seq: held.length,
      used: usesOf(plants, ({ before }) => before.isTaken),
      holds: Object.fromEntries(held.map(({ _id, ...hold }) => [_id, hold])),
    },
  };
}

// A day on which everything was given back may stand there with 0 or not at all.
function usesOf(plants: readonly Plant[], isTaken: (plant: Plant) => boolean): Readonly<Record<string, number>> {
  const days = [...new Set(plants.map(({ record }) => String(record['day'])))];
  const uses = days.map((day) => {
    const ofDay = plants.filter(({ record }) => record['day'] === day);
    return [`d${day}`, sum(ofDay, (plant) => Number(isTaken(plant)))] as const;
  });
  return byId(uses.filter(([, count]) => count > 0));
}

function userSight(owner: number, plants: readonly Plant[], moment: Moment): readonly [string, unknown] {
  const { _id, openid, vipLevel, nickname } = userOf(owner, plants);
  const ends = plants.map((plant) => ({ plant, end: plant[moment] }));
  const held = ends.filter(({ end }) => end.hold !== undefined);
  return [
    _id,
    {
      others: { openid, vipLevel, nickname },
      credits: CREDITS - sum(ends, ({ end }) => Number(end.isTaken)),
      generateCount: countAt(moment, owner, plants),
      open: held.filter(({ end }) => end.hold === 'open').length,
      used: usesOf(plants, (plant) => plant[moment].isTaken),
      holds: byId(held.map(({ plant, end }) => [plant.record._id, end.hold])),
    },
  ];
}

function seenUser({ _id, credits, generateCount, quota, ...others }: Document): unknown {
  const { open, used, holds } = quota as {
    open: number;
    used: Record<string, number>;
    holds: Record<string, { st: string }>;
  };
  return {
    others,
    ...{ credits, generateCount, open },
    used: byId(Object.entries(used).filter(([, count]) => count !== 0)),
    holds: byId(Object.entries(holds).map(([id, { st }]) => [id, st])),
  };
}

function workSight({ record }: Plant, end: End): readonly (readonly [string, unknown])[] {
  if (end.status === undefined) return [];
  const { userId, originalPrompt, token, deletedAt } = record;
  const { status, isRecovered = false } = end;
  return [[record._id, { userId, originalPrompt, token, deletedAt, status, isRecovered, evidence: 0 }]];
}

function seenWork(work: Document): unknown {
  const { userId, originalPrompt, token, deletedAt, status, isRecovered = false, attempts = [] } = work;
  // Of two recoveries at once, one may keep its own "unknown" beside the end that the other wrote: it says nothing.
  const evidence = (attempts as readonly { record: Document }[]).filter(({ record }) => record['status'] !== 'unknown');
  return { userId, originalPrompt, token, deletedAt, status, isRecovered, evidence: evidence.length };
}

function letterSights({ letters }: Plant, end: End): readonly (readonly [string, unknown])[] {
  return letters.map(({ _id }, index) => [_id, end.letters?.[index] ?? 'without truth'] as const);
}
