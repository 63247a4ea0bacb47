import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codes, DurableError, type Code } from '../../src/core/index.ts';
import { createRetrierScene as createScene, fails } from './retrier-scene.ts';

describe('createRetrier', () => {
  it('executes three times in all, and answers what the last one failed with', async () => {
    const { attempt, begun } = createScene();
    const tried = await attempt(fails('STORE_UNAVAILABLE'));
    expect(begun).toHaveLength(3);
    expect(tried).toMatchObject({ ok: false, ambiguous: false, error: { code: 'STORE_UNAVAILABLE' } });
    expect(tried.attempts.map(({ attempt: number, code }) => `${number} ${code}`)).toEqual([
      '1 STORE_UNAVAILABLE',
      '2 STORE_UNAVAILABLE',
      '3 STORE_UNAVAILABLE',
    ]);
  });

  it('executes as often as it is told to', async () => {
    for (const maxAttempts of [1, 2, 5]) {
      const { attempt, begun } = createScene({ maxAttempts });
      await attempt(fails('STORE_UNAVAILABLE'));
      expect(begun).toHaveLength(maxAttempts);
    }
    const { attempt, begun } = createScene({ maxAttempts: 5 });
    await attempt(fails('STORE_UNAVAILABLE'), { maxAttempts: 2 });
    expect(begun).toHaveLength(2);
  });

  it('waits at least a tenth of 1 s and then of 2 s, and not after the last execution', async () => {
    const { attempt, begun, spentMs } = createScene({ next: 0 });
    await attempt(fails('STORE_UNAVAILABLE'));
    expect(begun).toEqual([0, 100, 300]);
    expect(spentMs()).toBe(300);
  });

  it('waits less than 1 s and then less than 2 s, however the dice fall', async () => {
    const { attempt, begun, spentMs } = createScene({ next: 1 - Number.EPSILON });
    await attempt(fails('STORE_UNAVAILABLE'));
    const [first = 0, second = 0, third = 0] = begun;
    expect(first).toBe(0);
    expect(second).toBeGreaterThan(999);
    expect(second).toBeLessThanOrEqual(1_000);
    expect(third - second).toBeGreaterThan(1_999);
    expect(third - second).toBeLessThanOrEqual(2_000);
    expect(spentMs()).toBe(third);
  });

  it('grows its waits linearly, from the base it is given', async () => {
    const { attempt, begun } = createScene({
      next: 0.5,
      baseDelayMs: 200,
      maxAttempts: 5,
      breaker: { failuresToOpen: 9 },
    });
    await attempt(fails('STORE_UNCERTAIN'));
    const waits = begun.slice(1).map((atMs, index) => Math.round(atMs - (begun[index] ?? 0)));
    expect(waits).toEqual([110, 220, 330, 440]);
  });

  it('stops at the first success and answers its value with the failures before it', async () => {
    const { attempt, begun } = createScene();
    let executions = 0;
    const tried = await attempt(async () => {
      executions += 1;
      if (executions === 1) throw new DurableError('STORE_UNCERTAIN', 'planned');
      return 'stored';
    });
    expect(begun).toHaveLength(2);
    expect(tried).toMatchObject({ ok: true, value: 'stored', attempts: [{ attempt: 1, code: 'STORE_UNCERTAIN' }] });
  });

  it('repeats what was never sent, may have happened, was throttled, or nobody expected, and nothing else', async () => {
    const repeated = new Set<Code>();
    for (const code of codes) {
      const { attempt, begun } = createScene();
      await attempt(fails(code));
      if (begun.length === 3) repeated.add(code);
      else expect(`${code}: ${begun.length}`).toBe(`${code}: 1`);
    }
    expect([...repeated].sort()).toEqual([
      'ASSET_UNAVAILABLE',
      'INTERNAL',
      'MODERATION_UNAVAILABLE',
      'ONCE_UNKNOWN',
      'PROVIDER_UNCERTAIN',
      'STORE_THROTTLED',
      'STORE_UNAVAILABLE',
      'STORE_UNCERTAIN',
    ]);
  });

  // p-retry turns what is no Error into a TypeError, and repeats no TypeError that is not a network's.
  it.each([
    ['a TypeError', new TypeError("Cannot read properties of undefined (reading 'data')")],
    ['an error of fetch', new TypeError('fetch failed')],
    ['a plain object, as the old SDK throws it', { errCode: -501001, errMsg: 'socket hang up' }],
    ['a string', 'socket hang up'],
    ['undefined', undefined],
    ['an ordinary error', new Error('socket hang up')],
  ])('repeats %s, which says nothing about what happened', async (_what, thrown) => {
    const { attempt, begun } = createScene({ next: 0 });
    const tried = await attempt(() => Promise.reject(thrown as Error));
    expect(begun).toEqual([0, 100, 300]);
    expect(tried).toMatchObject({ ok: false, ambiguous: true, error: { code: 'INTERNAL' } });
    expect(tried.ok ? 'no error' : tried.error.cause).toBe(thrown);
  });

  it('says whether some execution may have taken effect', async () => {
    const { attempt } = createScene();
    const outcomes: Code[] = ['STORE_UNAVAILABLE', 'STORE_UNCERTAIN', 'STORE_UNAVAILABLE'];
    let executions = 0;
    const tried = await attempt(() => fails(outcomes[executions++] ?? 'INTERNAL')());
    expect(tried).toMatchObject({ ok: false, ambiguous: true, error: { code: 'STORE_UNAVAILABLE' } });
  });

  it('gives each execution its own time, never more than is left', async () => {
    const { attempt, deadline } = createScene({ next: 0 });
    const times: number[] = [];
    const noted = (timeoutMs: number) => {
      times.push(timeoutMs);
      return fails('STORE_UNAVAILABLE')();
    };
    await attempt(noted, { deadline: deadline(2_000), reserveMs: 400 });
    expect(times).toEqual([1_500, 1_500, 1_300]);
  });

  it('starts nothing where too little time is left, and says so', async () => {
    const { attempt, begun, deadline } = createScene();
    const tried = await attempt(async () => 'never', { deadline: deadline(499), reserveMs: 400 });
    expect(begun).toEqual([]);
    expect(tried).toMatchObject({ ok: false, error: { code: 'DEADLINE_PASSED' }, attempts: [] });
  });

  it('uses the last hundred milliseconds, for an execution and after a wait', async () => {
    const { attempt, begun, deadline } = createScene({ next: 0 });
    await attempt(fails('STORE_UNAVAILABLE'), { deadline: deadline(500), reserveMs: 400 });
    expect(begun).toEqual([0]);
    await attempt(fails('STORE_UNAVAILABLE'), { deadline: deadline(200) });
    expect(begun).toEqual([0, 0, 100]);
  });

  it('never begins an execution or ends a wait in the reserve before the deadline, for any deadline', async () => {
    const given = fc.record({
      deadlineMs: fc.integer({ min: -1_000, max: 8_000 }),
      reserveMs: fc.integer({ min: 0, max: 3_000 }),
      latencyMs: fc.integer({ min: 0, max: 2_000 }),
      next: fc.double({ min: 0, max: 0.999, noNaN: true }),
      maxAttempts: fc.integer({ min: 1, max: 5 }),
    });
    let executions = 0;
    await fc.assert(
      fc.asyncProperty(given, async ({ deadlineMs, reserveMs, latencyMs, next, maxAttempts }) => {
        const { attempt, begun, clock, deadline, spentMs } = createScene({ next, maxAttempts });
        const limitMs = deadlineMs - reserveMs;
        const limitAtMs = clock.now() + limitMs;
        let spentOnFailingMs = 0;
        await attempt(
          async (timeoutMs) => {
            const takesMs = Math.min(latencyMs, timeoutMs);
            expect(clock.now() + timeoutMs).toBeLessThanOrEqual(limitAtMs);
            await new Promise<void>((resolve) => clock.after(takesMs, resolve));
            spentOnFailingMs = spentMs();
            throw new DurableError('STORE_UNCERTAIN', 'planned');
          },
          { deadline: deadline(deadlineMs), reserveMs },
        );
        for (const atMs of begun) expect(atMs).toBeLessThanOrEqual(limitMs - 100);
        expect(begun.length).toBeLessThanOrEqual(maxAttempts);
        // No wait follows the last failure, so nothing ends later than it.
        expect(spentMs()).toBe(spentOnFailingMs);
        executions += begun.length;
      }),
      { numRuns: 200 },
    );
    expect(executions).toBeGreaterThan(100);
  });

  it('writes one line for each failure, without the words of the error', async () => {
    const { attempt, log } = createScene();
    await attempt(() => Promise.reject(new DurableError('STORE_UNCERTAIN', 'o-secret')), { recordId: 'w_1' });
    expect(
      log.lines.map(({ event, fields }) => [event, fields['attempt'], fields['code'], fields['recordId']]),
    ).toEqual([
      ['write.attempt-failed', 1, 'STORE_UNCERTAIN', 'w_1'],
      ['write.attempt-failed', 2, 'STORE_UNCERTAIN', 'w_1'],
      ['write.attempt-failed', 3, 'STORE_UNCERTAIN', 'w_1'],
    ]);
    expect(JSON.stringify(log.lines)).not.toContain('o-secret');
  });

  it('keeps the words of the SDK for the operator, cut and without its signed addresses', async () => {
    const { attempt } = createScene({ maxAttempts: 1 });
    const cause = new Error(
      `downloadFile:fail Status:500 Url:https://bucket/a.png?sign=secret&t=1 http://b?sign=x ${'x'.repeat(500)}`,
    );
    const { attempts } = await attempt(() => Promise.reject(new DurableError('STORE_UNCERTAIN', 'ours', { cause })));
    expect(attempts[0]?.message).toMatch(/^downloadFile:fail Status:500 Url:<url> <url> x+$/);
    expect(attempts[0]?.message).toHaveLength(200);
  });
});

describe('an attempt that could not say anything about the other side', () => {
  const open = async () => {
    const scene = createScene({ maxAttempts: 1 });
    for (let failure = 0; failure < 5; failure += 1) await scene.attempt(fails('STORE_UNAVAILABLE'));
    await scene.clock.advance(1_000);
    return scene;
  };

  it.each(['DEADLINE_PASSED', 'INPUT_INVALID'] as const)(
    'does not close an open breaker with %s, and lets the next one be the probe',
    async (code) => {
      const { attempt, begun } = await open();
      await attempt(fails(code));
      await attempt(fails('STORE_UNAVAILABLE'));
      expect(begun).toHaveLength(7);
      expect(await attempt(fails('STORE_UNAVAILABLE'))).toMatchObject({ error: { details: { breaker: 'open' } } });
      expect(begun).toHaveLength(7);
    },
  );

  it('is told from an answer, be it a refusal, before which failures are forgotten', async () => {
    const { attempt, begun } = createScene({ maxAttempts: 1 });
    for (const code of ['STORE_DENIED', 'STORE_CONFLICT'] as const) {
      for (let failure = 0; failure < 4; failure += 1) await attempt(fails('STORE_UNAVAILABLE'));
      await attempt(fails(code));
    }
    await attempt(fails('STORE_UNAVAILABLE'));
    expect(begun).toHaveLength(11);
  });

  it('does not count as a failure either', async () => {
    const { attempt, begun } = createScene({ maxAttempts: 1 });
    for (let time = 0; time < 20; time += 1) await attempt(fails('DEADLINE_PASSED'));
    expect(begun).toHaveLength(20);
  });
});
