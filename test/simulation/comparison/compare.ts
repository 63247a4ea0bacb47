/** Several systems under the same histories. */
import type { Assumptions } from './assumptions.ts';
import { playSlice } from './slice.ts';
import type { Contender } from './contender.ts';
import { idempotencyRecord } from './systems/idempotency-record.ts';
import { original, originalById } from './systems/original.ts';
import { ours } from './systems/ours.ts';
import { addTallies, type Tally } from './tally.ts';

/** In the order of the table. */
export const SYSTEMS: readonly Contender[] = [original, originalById, idempotencyRecord, ours];

/** A piece of work for one processor. */
export interface Job {
  readonly variant: string;
  readonly system: string;
  readonly assumptions: Assumptions;
  readonly seed: number;
  readonly calls: number;
}

const CALLS_PER_SLICE = 1_000;

/** The calls cut into slices of the same length in time, each with the same seed for every system. */
export function planJobs(variant: string, assumptions: Assumptions, seed: number): readonly Job[] {
  const slices = Math.ceil(assumptions.calls / CALLS_PER_SLICE);
  return SYSTEMS.flatMap(({ name }) =>
    Array.from({ length: slices }, (_, slice) => ({
      ...{ variant, system: name, assumptions, seed: seed + slice },
      calls: Math.min(CALLS_PER_SLICE, assumptions.calls - slice * CALLS_PER_SLICE),
    })),
  );
}

/** Does one job. */
export async function runJob({ system: name, ...slice }: Job): Promise<Tally> {
  const system = SYSTEMS.find((one) => one.name === name);
  if (!system) throw new Error(`no system "${name}"`);
  return playSlice(system, slice);
}

/** The tallies of all jobs, by variant and system. */
export function gather(done: readonly { readonly job: Job; readonly tally: Tally }[]) {
  const sums = new Map<string, Map<string, Tally>>();
  for (const { job, tally } of done) {
    const ofVariant = sums.get(job.variant) ?? new Map<string, Tally>();
    const before = ofVariant.get(job.system);
    sums.set(job.variant, ofVariant.set(job.system, before ? addTallies(before, tally) : tally));
  }
  return sums;
}
