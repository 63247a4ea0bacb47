/** A recovery that is killed at every step it takes: the next one leaves all right, nothing doubled and nothing lost. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nodeClock } from '../../src/core/node/index.ts';
import { createLocalCloud, TIMER, TIMER_CALLER, type LocalCloud } from '../support/local-cloud.ts';
import { KEY, KIND_NAMES, LARGE_KINDS } from '../support/operations.ts';
import { load, lookLeniently, plantOperations, type Operations, type Sight } from '../support/operations-truth.ts';

const TEN_MINUTES = 600_000;

let cloud: LocalCloud;
let world: Operations;

beforeAll(async () => {
  cloud = await createLocalCloud({ env: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_KEY: KEY } });
  const counts = Object.fromEntries(KIND_NAMES.map((kind) => [kind, LARGE_KINDS.includes(kind) ? 0 : 1]));
  world = plantOperations({ nowMs: nodeClock.now(), people: 12, counts });
});

afterEach(() => cloud.faults.clear());
afterAll(() => cloud.close());

type Course = 'killed' | 'refused' | 'came through';

/** Runs a recovery that is killed at the step after so many. */
async function runKilledAt(step: number, inject: 'kill-before' | 'kill-after'): Promise<Course> {
  cloud.faults.set([{ from: 'recoverFromBackup', inject, skip: step, times: 1 }]);
  const answer = await cloud.invoke('recoverFromBackup', TIMER, TIMER_CALLER);
  const [{ fired = 0 } = {}] = await cloud.fired();
  cloud.faults.clear();
  if (fired === 0) return 'came through';
  // What the platform refuses (a page of a collection that is missing) has no "after".
  return 'result' in answer ? 'refused' : 'killed';
}

const lookAgain = async (): Promise<Sight> => lookLeniently(cloud, world);

describe.each(['kill-before', 'kill-after'] as const)('%s', (inject) => {
  test(
    'at any of its steps leaves a deployment that the next recovery brings to rights',
    async () => {
      const courses: Course[] = [];
      for (let step = 0; courses.at(-1) !== 'came through'; step += 1) {
        await load(cloud, world);
        courses.push(await runKilledAt(step, inject));
        if (courses.at(-1) === 'killed') await cloud.maintain('recoverFromBackup');
        expect(await lookAgain(), `step ${step}`).toEqual(world.truth('after'));
      }
      const killed = courses.filter((course) => course === 'killed').length;
      // Each call takes steps of its own, and little is refused: the table of jobs, which is missing.
      expect(killed).toBeGreaterThan(2 * world.plants.length);
      expect(courses.length - killed).toBeLessThan(10);
      console.log(
        `# operations: ${inject} at each of the ${killed} steps of a recovery of ${world.plants.length} calls`,
      );
    },
    TEN_MINUTES,
  );

  test(
    'one step later in every run comes to the end all the same, each from what was left',
    async () => {
      await load(cloud, world);
      let step = 0;
      while ((await runKilledAt(step, inject)) !== 'came through') step += 1;
      expect(step).toBeGreaterThan(10);
      for (let run = 1; run <= 5; run += 1) await cloud.maintain('recoverFromBackup');
      await cloud.maintain('fixUserConsistency');
      expect(await lookAgain()).toEqual(world.truth('settled'));
    },
    TEN_MINUTES,
  );
});
