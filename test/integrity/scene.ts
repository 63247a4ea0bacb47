import { createDeadline, type Clock, type Deadline, type Plain } from '../../src/core/index.ts';
import { createWorksSection } from '../../src/generation/index.ts';
import { createCheck, createUsersSection, type Check } from '../../src/integrity/index.ts';
import type { IntegrityReport } from '../../src/records/index.ts';
import type { Blobs, Store } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { createFlakyBlobs, createFlakyStore } from '../support/flaky-store.ts';
import { memoryLog, seededRandom } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';
import { NOW_MS, type World } from './world.ts';

/** A check of works and users over these ports. */
export function createWorldCheck(ports: { store: Store; blobs: Blobs; clock: Clock; deep?: boolean }): Check {
  const deps = { ...ports, random: seededRandom(1), log: memoryLog() };
  const works = createWorksSection(deps, { deep: ports.deep ?? false });
  return createCheck({ ...deps, sections: [works, createUsersSection(deps)] });
}

/** A world in memory, on a clock that stands still, with statements that can be made to fail. */
export async function createScene(world: World, options: { deep?: boolean; latencyMs?: number } = {}) {
  const clock = createTestClock(NOW_MS);
  const memory = createMemoryStore(['users', 'works', 'emergency_backup']);
  const files = createMemoryBlobs();
  for (const name of ['users', 'works', 'emergency_backup'] as const)
    for (const document of world[name]) await memory.insert(name, document);
  for (const name of world.files) await files.put(name, new Uint8Array([1]));
  const { latencyMs = 0, ...rest } = options;
  const store = createFlakyStore(memory, { clock, latencyMs });
  const blobs = createFlakyBlobs(files, { clock, latencyMs });
  const check = createWorldCheck({ store, blobs, clock, ...rest });
  const within = (ms: number): Deadline => createDeadline(clock, clock.now() + ms);
  return {
    clock,
    memory,
    store,
    blobs,
    check,
    within,
    /** The whole check in one run. */
    run: async (): Promise<IntegrityReport> => {
      const { state } = await clock.until(check.advance(undefined, within(3_600_000)));
      return check.report(state);
    },
    /** The check in slices of these lengths, the last for ever; states travel as JSON. */
    async runInSlices(lengthsMs: readonly number[]): Promise<{ report: IntegrityReport; slices: number }> {
      let state: Plain | undefined;
      for (let slices = 1; ; slices += 1) {
        const lengthMs = lengthsMs[slices - 1] ?? lengthsMs.at(-1) ?? 0;
        const progress = await clock.until(check.advance(state, within(lengthMs)));
        state = JSON.parse(JSON.stringify(progress.state)) as Plain;
        if (progress.finished) return { report: check.report(state), slices };
      }
    },
  };
}
