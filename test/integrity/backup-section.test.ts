import { describe, expect, it } from 'vitest';
import type { Seal } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { createBackupSection } from '../../src/durable/index.ts';
import { composeLetter, createAuthenticator } from '../../src/durable/letter.ts';
import type { Document } from '../../src/store/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createFlakyStore, type Fates } from '../support/flaky-store.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';
import { runSection } from './section-runs.ts';

const KEY = '0123456789abcdef'.repeat(4);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const seal = createSeal(KEY);

const clock = createTestClock();
const nowMs = clock.now();

/** A letter that was kept so long ago, with what makes it special. */
function letter(
  number: number,
  agoMs: number,
  special: Readonly<Record<string, unknown>> = {},
  key: Seal | false = seal,
): Document {
  const record = { _id: `w_${String(number).padStart(5, '0')}`, userId: 'u1', status: 'completed', prompt: '小猫' };
  const authenticator = createAuthenticator(testHash, key || undefined);
  const request = { collection: 'works', record, attempt: 1, failures: [], atMs: nowMs - agoMs };
  return { ...composeLetter(authenticator, request), ...special };
}

const FLAT: Document = {
  _id: '65a1b2c3',
  ...{ id: 'work_1700000000000', userId: 'u1', prompt: '小狗', status: 'completed', createdAt: new Date(9) },
  ...{ backupReason: 'works_collection_save_failed', originalError: 'timeout', retryCount: 3, timestamp: new Date(10) },
};

interface Given {
  readonly fates?: Fates;
  readonly previousSeals?: readonly Seal[];
  readonly latencyMs?: number;
}

async function createScene(letters: readonly Document[] | 'no collection', given: Given = {}) {
  const memory = createMemoryStore(letters === 'no collection' ? [] : ['emergency_backup']);
  if (letters !== 'no collection') for (const each of letters) await memory.insert('emergency_backup', each);
  const ownClock = createTestClock();
  const { fates = {}, latencyMs = 0, previousSeals = [] } = given;
  const store = createFlakyStore(memory, { clock: ownClock, fates, latencyMs });
  const deps = { store, clock: ownClock, random: seededRandom(3), hash: testHash, log: memoryLog() };
  const section = createBackupSection({ ...deps, seal, previousSeals });
  return {
    store,
    run: (sliceMs?: number) => ownClock.until(runSection(section, ownClock, sliceMs)),
  };
}

const PLANTED: readonly Document[] = [
  letter(1, MINUTE_MS),
  letter(2, 5 * HOUR_MS),
  letter(3, 40 * DAY_MS, { state: 'redriven' }),
  letter(4, 3 * DAY_MS, { state: 'superseded' }),
  letter(5, 2 * HOUR_MS, { state: 'quarantined', redriveError: 'its payload does not match its code (mac)' }),
  letter(6, MINUTE_MS, { payload: { _id: 'w_00006', status: 'completed', prompt: '改过' } }),
  letter(7, MINUTE_MS, { _openid: 'oClient' }),
  letter(8, MINUTE_MS, { state: 'on holiday' }),
  letter(9, MINUTE_MS, {}, false),
  letter(10, MINUTE_MS, {}, createSeal('f'.repeat(64))),
  { _id: 'x-empty' },
  FLAT,
];

describe('section backup', () => {
  it('says where no letter is that all is well', async () => {
    const { run } = await createScene([]);
    expect(await run()).toMatchObject({
      name: 'backup',
      status: 'ok',
      findings: [],
      figures: { count: 0, needRedrive: 0, oldestWaitingMs: null },
    });
  });

  it('finds every kind of letter, each exactly where it was planted', async () => {
    const { run } = await createScene(PLANTED);
    const { status, findings } = await run();
    expect(status).toBe('problems');
    expect(Object.fromEntries(findings.map(({ kind, weight, ids }) => [`${weight} ${kind}`, ids]))).toEqual({
      'problem letters-waiting': ['65a1b2c3', 'w_00001_1', 'w_00002_1', 'w_00009_1'],
      'problem letters-overdue': ['65a1b2c3', 'w_00002_1'],
      'problem letters-malformed': ['w_00007_1', 'x-empty'],
      'problem letters-unknown-key': ['w_00006_1', 'w_00010_1'],
      'problem letters-quarantined': ['w_00005_1'],
      'problem letters-strange-state': ['w_00008_1'],
      'note letters-unkeyed': ['w_00009_1'],
      'note letters-older-form': ['65a1b2c3'],
    });
    for (const { count, ids } of findings) expect(count).toBe(ids.length);
  });

  it('counts them by state, reason and age', async () => {
    const { run } = await createScene(PLANTED);
    expect((await run()).figures).toEqual({
      count: 12,
      ...{ waiting: 8, redriven: 1, superseded: 1, quarantined: 1, other: 1 },
      needRedrive: 4,
      waitingIn: [{ name: 'works', isCall: true, count: 4 }],
      malformed: 2,
      unknownKey: 2,
      olderForm: 1,
      oldestWaitingMs: nowMs - 10,
      byAge: { underHour: 6, underDay: 2, underWeek: 1, underMonth: 0, older: 2, unknown: 1 },
      byReason: [
        { name: 'works_collection_save_failed', count: 11 },
        { name: 'unknown', count: 1 },
      ],
      quarantineReasons: [{ name: 'its payload does not match its code (mac)', count: 1 }],
    });
  });

  it('tells where the waiting ones belong, plain writes apart from calls; of a thousand places the first twenty', async () => {
    const waiting = (n: number, collection: string, more: object = {}) => {
      const record = { _id: `n_${n}`, ...more };
      return composeLetter(createAuthenticator(testHash), {
        collection,
        record,
        attempt: 1,
        failures: [],
        atMs: nowMs,
      });
    };
    const figuresOf = async (letters: readonly Document[]) => (await (await createScene(letters)).run()).figures;
    const few = [
      ...[waiting(1, 'notes'), waiting(2, 'notes', { token: 'its own' })],
      ...[waiting(3, 'orders', { token: 't', hash: 'h' }), { ...waiting(4, 'gone'), state: 'redriven' as const }],
    ];
    expect((await figuresOf(few.map((each) => ({ ...each }))))['waitingIn']).toEqual([
      { name: 'notes', isCall: false, count: 2 },
      { name: 'orders', isCall: true, count: 1 },
    ]);
    const many = Array.from({ length: 1_000 }, (_, n) => ({ ...waiting(n, `c${n}`) }));
    expect((await figuresOf(many))['waitingIn']).toHaveLength(20);
  });

  it('takes letters that wait for no recovery as no problem', async () => {
    const { run } = await createScene([
      letter(3, DAY_MS, { state: 'redriven' }),
      letter(4, 0, { state: 'superseded' }),
    ]);
    expect(await run()).toMatchObject({ status: 'ok', findings: [], figures: { count: 2, needRedrive: 0 } });
  });

  it('takes a letter as sound that was written under the previous key', async () => {
    const previous = createSeal('f'.repeat(64));
    const { run } = await createScene([letter(10, MINUTE_MS, {}, previous)], { previousSeals: [previous] });
    expect((await run()).findings.map(({ kind }) => kind)).toEqual(['letters-waiting']);
  });

  it('does not count a canary', async () => {
    const { run } = await createScene([letter(1, 0, { _id: 'canary_emergency_backup_1' })]);
    expect(await run()).toMatchObject({ status: 'ok', findings: [], figures: { count: 0 } });
  });

  it('names a missing collection as a problem, not as something unknown', async () => {
    const { run } = await createScene('no collection');
    expect(await run()).toEqual({
      name: 'backup',
      status: 'problems',
      figures: {},
      findings: [{ kind: 'missing-collection', weight: 'problem', count: 1, ids: ['emergency_backup'] }],
    });
  });

  it('rejects where the letters cannot be read, after three attempts', async () => {
    const { run, store } = await createScene(PLANTED, {
      fates: { 'page emergency_backup': { always: 'STORE_UNAVAILABLE' } },
    });
    await expect(run()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(store.names()).toHaveLength(3);
  });

  it('is not upset by one read that fails', async () => {
    const steady = await createScene(PLANTED);
    const { run } = await createScene(PLANTED, {
      fates: { 'page emergency_backup': ['STORE_UNCERTAIN', 'ok', 'STORE_THROTTLED'] },
    });
    expect(await run()).toEqual(await steady.run());
  });

  it('says the same in one run and in slices of any length', async () => {
    const many = Array.from({ length: 2_500 }, (_, n) =>
      letter(n, n * MINUTE_MS, n % 5 === 0 ? {} : { state: 'redriven' }),
    );
    const expected = await (await createScene(many)).run();
    expect(expected.figures).toMatchObject({ count: 2_500, waiting: 500, needRedrive: 500 });
    for (const sliceMs of [150, 1_001, 1_333]) {
      const { run } = await createScene(many, { latencyMs: 20 });
      expect(await run(sliceMs), `slices of ${sliceMs} ms`).toEqual(expected);
    }
  });

  it('reads a thousand letters a page, and only the waiting ones with their records', async () => {
    const many = Array.from({ length: 5_000 }, (_, n) => letter(n, 0, n % 50 === 0 ? {} : { state: 'redriven' }));
    const { run, store } = await createScene(many);
    await run();
    // Six pages of all (the last one empty), two of the hundred that wait.
    expect(store.names()).toHaveLength(8);
  });

  it('keeps no more between slices than it needs, however many there are', async () => {
    const many = Array.from({ length: 3_000 }, (_, n) =>
      letter(n, 0, {
        state: 'quarantined',
        backupReason: `reason ${n}`,
        redriveError: `error ${n} ${'x'.repeat(500)}`,
      }),
    );
    const { run } = await createScene(many);
    const section = await run();
    expect(JSON.stringify(section).length).toBeLessThan(8_000);
    expect(section.findings).toMatchObject([{ kind: 'letters-quarantined', count: 3_000 }]);
    expect(section.findings[0]?.ids).toHaveLength(20);
    const { byReason } = section.figures as { byReason: readonly { name: string; count: number }[] };
    expect(byReason.at(-1)).toEqual({ name: 'other', count: 2_980 });
  });
});
