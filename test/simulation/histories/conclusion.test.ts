import { describe, expect, it } from 'vitest';
import { sleep } from '../../../src/core/index.ts';
import { runHistory } from './history.ts';
import { ourSystem } from './our-system.ts';
import type { Booted, InstancePorts, System } from './system.ts';

/** Our system with its maintenance changed: what is wrong with it is what the end of a history must find. */
function changed(change: (booted: Booted, ports: InstancePorts) => Partial<Booted>): System {
  return {
    ...ourSystem,
    boot(ports) {
      const booted = ourSystem.boot(ports);
      return { ...booted, ...change(booted, ports) };
    },
  };
}

const MOST = 40;

/** What the first of these worlds shows in which anything is wrong. */
async function firstFound(system: System): Promise<readonly string[]> {
  for (let seed = 1; seed <= MOST; seed += 1) {
    const { verdict } = await runHistory({ seed, calls: 20, system });
    if (verdict.violations.length > 0) return verdict.violations.map(({ invariant, words }) => `${invariant} ${words}`);
  }
  return [];
}

describe('the end of a history', () => {
  it('finds nothing where maintenance is as it is', async () => {
    expect(await firstFound(changed(() => ({})))).toEqual([]);
  });

  it('finds a recovery that ends what is open only after many days, though it ends all of it', async () => {
    let runs = 0;
    const lazy = changed((booted) => ({
      recover: async (deadline, from) => {
        runs += 1;
        return runs % 8 < 5 ? undefined : booted.recover?.(deadline, from);
      },
    }));
    expect(await firstFound(lazy)).toEqual([
      expect.stringMatching(/^I20 .* after a day and \d recoveries, of which the last ended none$/),
    ]);
  });

  it('finds a job that changes something whenever it runs, though nothing is left to do', async () => {
    const restless = changed((booted, { store }) => ({
      prune: async (deadline) => {
        await booted.prune?.(deadline);
        const { items } = await store.page('works', { limit: 1 }, { deadline });
        for (const { _id: id } of items) await store.update('works', { id }, { inc: { looks: 1 } }, { deadline });
      },
    }));
    expect(await firstFound(restless)).toEqual([expect.stringMatching(/^I12 another round changed works /)]);
  });

  it.each(['recover', 'repair', 'prune'] as const)('finds a %s that outlives its own time limit', async (name) => {
    const slow = changed((booted, { clock }) => ({
      [name]: (deadline: never, from: never) =>
        sleep(clock, 120_000).then(() => (booted[name] as NonNullable<Booted['recover']>)(deadline, from)),
    }));
    expect(await firstFound(slow)).toContain(`I9 ${name} did not end in its time`);
  });
});
