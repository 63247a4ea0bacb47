import { describe, expect, it } from 'vitest';
import { createRetrierScene as createScene, fails } from './retrier-scene.ts';

describe('createRetryBudget', () => {
  const noBreaker = { breaker: { failuresToOpen: 1_000 } };

  it('lets ten retries through while everything fails, and from then on first executions only', async () => {
    const { attempt, begun } = createScene({ next: 0, ...noBreaker });
    const counts: number[] = [];
    for (let call = 0; call < 8; call += 1) {
      const before = begun.length;
      await attempt(fails('STORE_UNAVAILABLE'));
      counts.push(begun.length - before);
    }
    expect(counts).toEqual([3, 3, 3, 3, 3, 1, 1, 1]);
  });

  it('earns one retry with ten successes', async () => {
    const { attempt, begun } = createScene({ next: 0, ...noBreaker });
    const executions = async (run: () => Promise<unknown>): Promise<number> => {
      const before = begun.length;
      await attempt(run);
      return begun.length - before;
    };
    for (let call = 0; call < 5; call += 1) await executions(fails('STORE_UNAVAILABLE'));
    for (let call = 0; call < 9; call += 1) await executions(async () => 'ok');
    expect(await executions(fails('STORE_UNAVAILABLE'))).toBe(1);
    await executions(async () => 'ok');
    expect(await executions(fails('STORE_UNAVAILABLE'))).toBe(2);
  });

  it('is one for each key', async () => {
    const { attempt, begun } = createScene({ next: 0, ...noBreaker });
    for (let call = 0; call < 6; call += 1) await attempt(fails('STORE_UNAVAILABLE'));
    const before = begun.length;
    await attempt(fails('STORE_UNAVAILABLE'), { key: 'emergency_backup' });
    expect(begun.length - before).toBe(3);
  });
});
