/** The end of a history: faults are over, and the timers fire as they do in a week, twice at once and long after. */
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { collections } from '../../src/records/index.ts';
import { maintain, type Course, type MaintenanceFunction } from './course.ts';
import { RATE } from './lane.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export async function conclude(course: Course): Promise<void> {
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
  await onceMore(course);
}

/** When everything is done, doing it again does nothing. */
async function onceMore(course: Course): Promise<void> {
  const { cloud, lane, complaints } = course;
  const state = async () => [await cloud.dump(collections.works), await cloud.dump(collections.users)];
  const before = await state();
  lane.forward(5 * MINUTE_MS);
  await undisturbed(course, 'recoverFromBackup');
  if (!isDeepStrictEqual(await state(), before))
    complaints.push('a recovery that had nothing left to do changed something');
}

async function twice(course: Course, name: MaintenanceFunction): Promise<void> {
  await Promise.all([undisturbed(course, name), undisturbed(course, name)]);
}

async function undisturbed(course: Course, name: MaintenanceFunction): Promise<void> {
  const reply = await maintain(course, name);
  const code = reply && 'result' in reply ? (reply.result as { readonly code?: unknown }).code : undefined;
  if (code !== 200) course.complaints.push(`${name} answered ${JSON.stringify(reply)} when nothing disturbed it`);
}

/** What was delayed longest has arrived by then. */
async function lateStatements({ history }: Course): Promise<void> {
  const delays = history.rounds.flatMap(({ faults }) => faults.map(({ rule }) => rule.delayMs ?? 0));
  await wait(Math.max(0, ...delays) / RATE);
}
