/** What happens to processes and clocks the moment that a fault meets its statement. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Course } from './course.ts';
import type { PlacedFault } from './history.ts';

/** How often is looked; real milliseconds. */
const WATCH_MS = 5;
/** Longer than a commit takes, and shorter than a function waits for its answer; real milliseconds. */
const COMMITTED_MS = 40;
const FROZEN_MS = 600_000;

/** Whether all acts of a round have come to their end. */
export interface RoundEnd {
  isOver: boolean;
}

/** Watches a round to its end; answers whether the cloud was killed in it, with its memory of faults. */
export async function watch(course: Course, faults: readonly PlacedFault[], round: RoundEnd): Promise<boolean> {
  const waiting = new Set(faults.keys());
  for (const [index, { then }] of faults.entries()) if (then === undefined) waiting.delete(index);
  while (waiting.size > 0 && !round.isOver) {
    const fired = await course.cloud.fired();
    for (const index of [...waiting].filter((one) => (fired[one] ?? 0) > 0)) {
      waiting.delete(index);
      const fault = faults[index] as PlacedFault;
      course.met.add(fault.kind);
      course.note(fault.kind);
      if (await surprise(course, fault, faults)) return true;
    }
    await wait(WATCH_MS);
  }
  return false;
}

async function surprise(course: Course, { then }: PlacedFault, faults: readonly PlacedFault[]): Promise<boolean> {
  if (then === 'jump') {
    course.lane.forward(FROZEN_MS);
    return false;
  }
  await noteMet(course, faults);
  // A rule counts as met when its statement comes; a moment later that is committed, and still not answered.
  await wait(COMMITTED_MS);
  course.kills.count += 1;
  await course.lane.killAndRestart();
  return true;
}

/** Notes which faults have met something. */
export async function noteMet({ cloud, met, kills, note }: Course, faults: readonly PlacedFault[]): Promise<void> {
  const fired = await cloud.fired();
  const acted = faults.filter(({ then }, index) => then === undefined && (fired[index] ?? 0) > 0);
  for (const { kind, rule } of acted) {
    met.add(kind);
    if (rule.inject.startsWith('kill')) kills.count += 1;
  }
  if (acted.length > 0) note(`met: ${acted.map(({ kind }) => kind).join(', ')}`);
}
