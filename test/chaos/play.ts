/** Plays a history on a lane: people and timers act, faults meet them, then faults are over and recovery has its time. */
import { setTimeout as wait } from 'node:timers/promises';
import { beijingDay, userId } from '../../src/core/index.ts';
import { collections } from '../../src/records/index.ts';
import type { Document } from '../../src/store/index.ts';
import { testHash } from '../support/ports.ts';
import { createClients, type Clients } from './clients.ts';
import type { CloudControl } from './cloud-control.ts';
import type { Act, History, Person, PlacedFault, Round } from './history.ts';
import { RATE, type Lane } from './lane.ts';

/** A lane that is played on. */
export interface Scene {
  readonly lane: Lane;
  readonly cloud: CloudControl;
}

/** What came of it, beside what the cloud holds. */
export interface Played {
  readonly clients: Clients;
  readonly people: readonly Planted[];
  /** Kinds of faults that met something. */
  readonly met: readonly string[];
  /** How many processes were killed. */
  readonly kills: number;
  /** What happened, in words, for a reader. */
  readonly events: readonly string[];
}

/** A person with the account that stood before the first call. */
export interface Planted {
  readonly person: Person;
  readonly userId: string;
  readonly day: string;
}

const TIMER = { Type: 'Timer', TriggerName: 'chaos', Message: '' };
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Something happens the moment that a statement is met: it is looked for so often. Real milliseconds. */
const WATCH_MS = 5;

interface Course extends Scene {
  readonly history: History;
  readonly clients: Clients;
  readonly met: Set<string>;
  readonly kills: { count: number };
  note(what: string): void;
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
    met: new Set(),
    kills: { count: 0 },
    note: (what) => void events.push(`${((lane.now() - startedAtMs) / 1_000).toFixed(2).padStart(10)} s  ${what}`),
  };
  for (const [index, round] of history.rounds.entries()) await playRound(course, round, index + 1);
  await conclude(course);
  return { clients: course.clients, people, met: [...course.met], kills: course.kills.count, events };
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

async function playRound(course: Course, round: Round, number: number): Promise<void> {
  const { cloud, lane, note } = course;
  await cloud.setFaults(round.faults.map(({ rule }) => rule));
  note(`round ${number}: ${round.faults.map(({ kind, rule }) => `${kind} ${JSON.stringify(rule)}`).join(', ') || 'calm'}`);
  const round_ = { isOver: false };
  const watched = watch(course, round.faults, round_);
  await Promise.all(round.acts.map((act) => perform(course, act)));
  round_.isOver = true;
  const isKilled = await watched;
  if (!isKilled) await noteMet(course, round.faults);
  lane.forward(round.forwardMs);
}

/** Does what is to happen when a fault meets its statement; answers whether that was the death of the cloud. */
async function watch(course: Course, faults: readonly PlacedFault[], round: { isOver: boolean }): Promise<boolean> {
  const { cloud, lane, met, note } = course;
  const waiting = new Set(faults.flatMap(({ then }, index) => (then ? [index] : [])));
  while (waiting.size > 0 && !round.isOver) {
    const fired = await cloud.fired();
    for (const index of [...waiting].filter((one) => (fired[one] ?? 0) > 0)) {
      const { kind, then } = faults[index] as PlacedFault;
      waiting.delete(index);
      met.add(kind);
      note(kind);
      if (then === 'jump') lane.forward(10 * MINUTE_MS);
      else {
        // What was met so far is forgotten with the process.
        await noteMet(course, faults);
        course.kills.count += 1;
        await lane.killAndRestart();
        return true;
      }
    }
    await wait(WATCH_MS);
  }
  return false;
}

async function noteMet({ cloud, met, kills, note }: Course, faults: readonly PlacedFault[]): Promise<void> {
  const fired = await cloud.fired();
  const acted = faults.filter((_fault, index) => (fired[index] ?? 0) > 0);
  for (const { kind, rule } of acted) {
    met.add(kind);
    if (rule.inject.startsWith('kill')) kills.count += 1;
  }
  if (acted.length > 0) note(`met: ${acted.map(({ kind }) => kind).join(', ')}`);
}

async function perform(course: Course, act: Act): Promise<void> {
  const { history, clients, note } = course;
  await wait(act.afterMs / RATE);
  if (act.kind === 'maintain') return maintain(course, act.function);
  const openid = history.people[act.person]?.openid ?? '';
  const before = clients.answers.length;
  await (act.kind === 'wish' ? clients.wish(openid, act) : clients.look(openid, { ...act, kind: act.kind }));
  const mine = clients.answers.slice(before).filter(({ openid: other }) => other === openid);
  note(`${openid} ${act.kind} ${act.request}: ${mine.map(({ said }) => JSON.stringify(said)).join(', ')}`);
}

async function maintain({ cloud, note }: Course, name: string): Promise<void> {
  const reply = await cloud.send(name, TIMER);
  note(`${name}: ${reply ? JSON.stringify(reply).slice(0, 160) : 'no answer'}`);
}

/** Faults are over. The timers fire as they do in a week: twice at once, and long after. */
async function conclude(course: Course): Promise<void> {
  const { cloud, lane, note } = course;
  await cloud.setFaults([]);
  note('faults are over');
  lane.forward(5 * MINUTE_MS);
  await twice(course, 'recoverFromBackup');
  await lateStatements(course);
  lane.forward(25 * HOUR_MS);
  await twice(course, 'recoverFromBackup');
  lane.forward(3 * HOUR_MS);
  await twice(course, 'recoverFromBackup');
  lane.forward(25 * HOUR_MS);
  await twice(course, 'fixUserConsistency');
  await maintain(course, 'recoverFromBackup');
}

async function twice(course: Course, name: string): Promise<void> {
  await Promise.all([maintain(course, name), maintain(course, name)]);
}

/** What was delayed longest has arrived by then. */
async function lateStatements({ history, lane }: Course): Promise<void> {
  const delays = history.rounds.flatMap(({ faults }) => faults.map(({ rule }) => rule.delayMs ?? 0));
  await wait(Math.max(0, ...delays) / RATE);
  lane.forward(1);
}
