/** Plays a history on a lane: people and timers act, faults meet them, then faults are over and recovery has its time. */
import { setTimeout as wait } from 'node:timers/promises';
import { beijingDay, userId } from '../../src/core/index.ts';
import { collections } from '../../src/records/index.ts';
import type { Document } from '../../src/store/index.ts';
import { testHash } from '../support/ports.ts';
import { createClients, type Clients } from './clients.ts';
import { conclude } from './conclude.ts';
import { maintain, type Course, type Scene } from './course.ts';
import type { Act, History, Person, Round } from './history.ts';
import { RATE } from './lane.ts';
import { noteMet, watch } from './surprises.ts';

/** What came of it, beside what the cloud holds. */
export interface Played {
  readonly clients: Clients;
  readonly people: readonly Planted[];
  /** Kinds of faults that met something. */
  readonly met: readonly string[];
  /** How many processes and instances were killed. */
  readonly kills: number;
  /** What went wrong although nothing disturbed it. */
  readonly complaints: readonly string[];
  /** What happened, in words, for a reader. */
  readonly events: readonly string[];
}

/** A person with the account that stood before the first call. */
export interface Planted {
  readonly person: Person;
  readonly userId: string;
  readonly day: string;
}

export async function playHistory(scene: Scene, history: History): Promise<Played> {
  const { lane, cloud } = scene;
  lane.begin();
  await cloud.empty();
  const people = history.people.map((person) => plant(person, lane.now()));
  await cloud.load(collections.users, people.flatMap(accountOf));
  const startedAtMs = lane.now();
  const events: string[] = [];
  const course: Course = {
    ...scene,
    history,
    clients: createClients(cloud.send, lane.now),
    ...{ met: new Set(), kills: { count: 0 }, complaints: [] },
    note: (what) => void events.push(`${((lane.now() - startedAtMs) / 1_000).toFixed(2).padStart(10)} s  ${what}`),
  };
  for (const [index, round] of history.rounds.entries()) await playRound(course, round, index + 1);
  await conclude(course);
  const { clients, met, kills, complaints } = course;
  return { clients, people, events, complaints, met: [...met], kills: kills.count };
}

const plant = (person: Person, nowMs: number): Planted => ({
  person,
  userId: userId(testHash, person.openid),
  day: `d${beijingDay(nowMs)}`,
});

function accountOf({ person, userId: _id, day }: Planted): Document[] {
  const { openid, account } = person;
  if (account === undefined) return [];
  const { credits, isVip, usedToday, wrongCount: generateCount } = account;
  const quota = usedToday > 0 ? { quota: { used: { [day]: usedToday } } } : {};
  return [{ _id, openid, credits, generateCount, vipLevel: isVip ? 1 : 0, ...quota }];
}

async function playRound(course: Course, { faults, acts, forwardMs }: Round, number: number): Promise<void> {
  const { cloud, lane, note } = course;
  await cloud.setFaults(faults.map(({ rule }) => rule));
  const placed = faults.map(({ kind, rule }) => `${kind} ${JSON.stringify(rule)}`);
  note(`round ${number}: ${placed.join(', ') || 'calm'}`);
  const end = { isOver: false };
  const watched = watch(course, faults, end);
  await Promise.all(acts.map((act) => perform(course, act)));
  end.isOver = true;
  const wasKilled = await watched;
  if (!wasKilled) await noteMet(course, faults);
  lane.forward(forwardMs);
}

async function perform(course: Course, act: Act): Promise<void> {
  const { history, clients, note } = course;
  await wait(act.afterMs / RATE);
  if (act.kind === 'maintain') {
    await maintain(course, act.function);
    return;
  }
  const openid = history.people[act.person]?.openid ?? '';
  const outcome = await (act.kind === 'wish'
    ? clients.wish(openid, act)
    : clients.look(openid, { ...act, kind: act.kind }));
  note(`${openid} ${act.kind} ${act.request}: ${outcome}`);
}
