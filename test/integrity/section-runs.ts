import { createDeadline, type Clock, type Plain } from '../../src/core/index.ts';
import type { CheckSection, Section } from '../../src/records/index.ts';

/** Runs a section to its end in slices of `sliceMs`; what it keeps between them travels as text, as a job keeps it. */
export async function runSection(section: CheckSection, clock: Clock, sliceMs = 60_000): Promise<Section> {
  let state = section.begin();
  for (let slice = 1; slice <= 1_000; slice += 1) {
    const kept = JSON.parse(JSON.stringify(state)) as Plain;
    const step = await section.advance(kept, createDeadline(clock, clock.now() + sliceMs));
    ({ state } = step);
    if (step.finished) return section.conclude(state);
  }
  throw new Error('a thousand slices, and no end');
}

/** A section without the times it took, which differ from run to run. */
export function timeless(section: Section): unknown {
  const text = JSON.stringify(section, (name, value: unknown) => (name === 'latencyMs' ? undefined : value));
  return JSON.parse(text);
}
