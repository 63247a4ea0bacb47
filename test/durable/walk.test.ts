import { describe, expect, it } from 'vitest';
import { createDeadline, DurableError } from '../../src/core/index.ts';
import { walkPages } from '../../src/durable/index.ts';
import type { PageKey } from '../../src/store/index.ts';
import { createTestClock } from '../support/test-clock.ts';

/** Ten documents, three a page. */
function createScene() {
  const clock = createTestClock();
  const documents = Array.from({ length: 10 }, (_, n) => ({ _id: `d${n}` }));
  const read = async (after: PageKey | undefined) => {
    const items = documents.filter(({ _id }) => _id > (after?.id ?? '')).slice(0, 3);
    const last = items.at(-1);
    return last && items.length === 3 ? { items, next: { id: last._id } } : { items };
  };
  const visited: string[] = [];
  const late = new DurableError('DEADLINE_PASSED', 'planned');
  return { clock, read, visited, late, deadline: createDeadline(clock, clock.now() + 60_000) };
}

describe('a walk', () => {
  it('stops before a document for which the time ran out, so that the next run begins with it', async () => {
    const { deadline, read, visited, late } = createScene();
    const visit = async ({ _id }: { _id: string }) => {
      if (_id === 'd4' && visited.length < 5) throw late;
      visited.push(_id);
      return true;
    };
    const report = await walkPages({ deadline, read, visit });
    expect(report).toEqual({ done: 5, skipped: 0, failed: [], checkpoint: { id: 'd3' } });
    expect(await walkPages({ deadline, read, visit, after: report.checkpoint })).toEqual({
      done: 6,
      skipped: 0,
      failed: [],
    });
    expect(new Set(visited).size).toBe(10);
  });

  it('steps past one that had all the time of a run and was late all the same', async () => {
    const { deadline, read, late } = createScene();
    const visit = async ({ _id }: { _id: string }) => {
      if (_id === 'd4') throw late;
      return true;
    };
    expect(await walkPages({ deadline, read, visit, after: { id: 'd3' } })).toEqual({
      ...{ done: 5, skipped: 0, failed: [{ id: 'd4', code: 'DEADLINE_PASSED' }] },
    });
  });

  it('does not step past what it had no time to begin', async () => {
    const { clock, read } = createScene();
    const deadline = createDeadline(clock, clock.now() + 1_000);
    const slow = async (after: PageKey | undefined) => {
      await clock.advance(800);
      return read(after);
    };
    const visit = async () => true;
    expect(await walkPages({ deadline, read: slow, visit })).toEqual({
      ...{ done: 0, skipped: 0, failed: [], checkpoint: { id: '' } },
    });
  });

  it('answers a checkpoint where a page could not be read in time, and rejects where it could not be read', async () => {
    const { deadline, read, late } = createScene();
    const failing = (error: Error) => async (after: PageKey | undefined) => {
      if (after) throw error;
      return read(after);
    };
    const visit = async () => true;
    expect(await walkPages({ deadline, read: failing(late), visit })).toMatchObject({
      done: 3,
      checkpoint: { id: 'd2' },
    });
    const down = new DurableError('STORE_UNAVAILABLE', 'planned');
    await expect(walkPages({ deadline, read: failing(down), visit })).rejects.toBe(down);
  });

  it('names a document that is larger than an answer may be, and goes on after it', async () => {
    const { deadline, read, visited } = createScene();
    const past = async (after: PageKey | undefined) =>
      after?.id === 'd2' ? { items: [], tooLargeId: 'd3', next: { id: 'd3' } } : read(after);
    const visit = async ({ _id }: { _id: string }) => visited.push(_id) > 0;
    expect(await walkPages({ deadline, read: past, visit })).toEqual({
      ...{ done: 9, skipped: 0, failed: [{ id: 'd3', code: 'STORE_TOO_LARGE' }] },
    });
    expect(visited).toEqual(['d0', 'd1', 'd2', 'd4', 'd5', 'd6', 'd7', 'd8', 'd9']);
  });

  it('stops before a document whose place is known to be down, and rejects where that is the first', async () => {
    const { deadline, read } = createScene();
    const down = new DurableError('STORE_UNAVAILABLE', 'planned', { details: { breaker: 'open' } });
    const visit = async ({ _id }: { _id: string }) => {
      if (_id >= 'd4') throw down;
      return true;
    };
    const report = await walkPages({ deadline, read, visit });
    expect(report).toEqual({ done: 4, skipped: 0, failed: [], checkpoint: { id: 'd3' } });
    await expect(walkPages({ deadline, read, visit, after: report.checkpoint })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });

  it('visits as many of a page at once as it is told, and stops before the first that was late', async () => {
    const { clock, deadline, read, late } = createScene();
    let underWay = 0;
    let most = 0;
    const visit = async ({ _id }: { _id: string }) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise<void>((resolve) => clock.after(10, resolve));
      underWay -= 1;
      if (_id === 'd4') throw late;
      return true;
    };
    const report = await clock.until(walkPages({ deadline, read, visit, width: 2 }));
    expect(most).toBe(2);
    expect(report).toEqual({ done: 5, skipped: 0, failed: [], checkpoint: { id: 'd3' } });
  });

  it('may read the next page while one is visited, one page and no more, and visits all in their order', async () => {
    const { deadline, read } = createScene();
    const order: string[] = [];
    const noted = async (after: PageKey | undefined) => {
      order.push(`page after ${after?.id ?? 'nothing'}`);
      return read(after);
    };
    const visit = async ({ _id }: { _id: string }) => {
      order.push(_id);
      return true;
    };
    expect(await walkPages({ deadline, read: noted, visit, readsAhead: true })).toMatchObject({ done: 10 });
    expect(order).toEqual([
      ...['page after nothing', 'page after d2', 'd0', 'd1', 'd2', 'page after d5', 'd3', 'd4', 'd5'],
      ...['page after d8', 'd6', 'd7', 'd8', 'd9'],
    ]);
  });

  it('visits a page to its end before it is told that the one read ahead could not be read', async () => {
    const { deadline, read, visited } = createScene();
    const down = new DurableError('STORE_UNAVAILABLE', 'planned');
    const failing = async (after: PageKey | undefined) => {
      if (after) throw down;
      return read(after);
    };
    const visit = async ({ _id }: { _id: string }) => visited.push(_id) > 0;
    await expect(walkPages({ deadline, read: failing, visit, readsAhead: true })).rejects.toBe(down);
    expect(visited).toEqual(['d0', 'd1', 'd2']);
  });

  it('reads no page ahead unless it is told to, and none at all where its time is over', async () => {
    const { clock, deadline, read } = createScene();
    const order: string[] = [];
    const noted = async (after: PageKey | undefined) => {
      order.push('page');
      return read(after);
    };
    const visit = async ({ _id }: { _id: string }) => order.push(_id) > 0;
    await walkPages({ deadline, read: noted, visit });
    expect(order.slice(0, 5)).toEqual(['page', 'd0', 'd1', 'd2', 'page']);
    order.length = 0;
    const over = createDeadline(clock, clock.now() + 499);
    expect(await walkPages({ deadline: over, read: noted, visit, after: { id: 'd3' } })).toEqual({
      ...{ done: 0, skipped: 0, failed: [], checkpoint: { id: 'd3' } },
    });
    expect(order).toEqual([]);
    expect(await walkPages({ deadline: createDeadline(clock, clock.now() + 500), read: noted, visit })).toMatchObject({
      ...{ done: 10 },
    });
  });

  it('stops with a checkpoint where a later page could not be begun, or its first document was late', async () => {
    const { deadline, read, late } = createScene();
    const down = new DurableError('STORE_UNAVAILABLE', 'planned', { details: { breaker: 'open' } });
    for (const error of [down, late]) {
      const visit = async ({ _id }: { _id: string }) => {
        if (_id >= 'd3') throw error;
        return true;
      };
      const report = { done: 3, skipped: 0, failed: [], checkpoint: { id: 'd2' } };
      expect(await walkPages({ deadline, read, visit })).toEqual(report);
    }
  });

  it('tells whoever walks inside another walk that nothing was asked, where its place is known to be down', async () => {
    const { deadline, read } = createScene();
    const down = new DurableError('STORE_UNAVAILABLE', 'planned', { details: { breaker: 'open' } });
    await expect(walkPages({ deadline, read, visit: () => Promise.reject(down) })).rejects.toMatchObject({
      ...{ code: 'STORE_UNAVAILABLE', details: { breaker: 'open' } },
    });
  });

  it('names what fails: by the document, or by the record that the failure names', async () => {
    const { deadline, read } = createScene();
    const failures: Readonly<Record<string, unknown>> = {
      d1: new TypeError('planned'),
      d2: new DurableError('STORE_DENIED', 'planned', { details: { recordId: 'w_2' } }),
      d3: new DurableError('STORE_DENIED', 'planned', { details: { recordId: 3 } }),
      d4: undefined,
    };
    const visit = async ({ _id }: { _id: string }) => {
      if (_id in failures) throw failures[_id];
      return _id !== 'd5';
    };
    expect(await walkPages({ deadline, read, visit })).toEqual({
      ...{ done: 5, skipped: 1 },
      failed: [
        { id: 'd1', code: 'INTERNAL' },
        { id: 'w_2', code: 'STORE_DENIED' },
        { id: 'd3', code: 'STORE_DENIED' },
        { id: 'd4', code: 'INTERNAL' },
      ],
    });
  });
});
