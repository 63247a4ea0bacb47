import { describe, expect, it } from 'vitest';
import { createDeadline, isDurableError } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import { createBackupSection, createLetterReader } from '../../src/durable/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createFlakyStore } from '../support/flaky-store.ts';
import { composeLetterWith } from '../support/letters.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';
import { createTestClock } from '../support/test-clock.ts';
import { KEY, WORK } from './bench.ts';
import { FLAT } from './redrive-scene.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

async function createScene(letters: readonly Document[]) {
  const clock = createTestClock();
  const memory = createMemoryStore(['emergency_backup']);
  for (const letter of letters) await memory.insert('emergency_backup', letter);
  const store = createFlakyStore(memory, { clock });
  const section = createBackupSection({ store, clock, random: seededRandom(1), log: memoryLog(), hash: testHash });
  const advance = (state: Parameters<typeof section.advance>[0], timeMs = 60_000) =>
    clock.until(section.advance(state, createDeadline(clock, clock.now() + timeMs)));
  const conclude = async () => section.conclude((await advance(section.begin())).state);
  return { clock, store, section, advance, conclude };
}

const NOW_MS = createTestClock().now();
const letterOf = (name: string, fields: object = {}): Document => ({
  ...composeLetterWith({ ...WORK, _id: `w_${name}` }, { atMs: NOW_MS }),
  ...fields,
});
const agedLetter = (ageMs: number) => letterOf(`aged${ageMs}`, { timestamp: new Date(NOW_MS - ageMs) });
const kindsIn = (findings: readonly { kind: string; count: number }[]) =>
  Object.fromEntries(findings.map(({ kind, count }) => [kind, count]));

describe('the section of the letters', () => {
  it('is done in one slice where there is time, and a page at a time where there is little', async () => {
    const { section, advance } = await createScene([letterOf('a')]);
    expect(section.name).toBe('backup');
    expect((await advance(section.begin(), 1_000)).finished).toBe(true);
    const first = await advance(section.begin(), 999);
    expect(first).toMatchObject({ finished: false, state: { walk: 'waiting', after: null } });
    expect(await advance(first.state, 999)).toMatchObject({ finished: true, state: { walk: 'over' } });
  });

  it('reads no letter whole where none waits', async () => {
    const { conclude, store } = await createScene([letterOf('a', { state: 'redriven' })]);
    expect(await conclude()).toMatchObject({ status: 'ok', figures: { count: 1, redriven: 1, waiting: 0 } });
    expect(store.names()).toEqual(['page emergency_backup']);
  });

  it('calls a letter overdue after an hour, and not before', async () => {
    const { conclude } = await createScene([agedLetter(HOUR_MS), agedLetter(HOUR_MS + 1)]);
    const { findings, figures } = await conclude();
    expect(kindsIn(findings)).toEqual({ 'letters-waiting': 2, 'letters-overdue': 1 });
    expect(figures).toMatchObject({ oldestWaitingMs: HOUR_MS + 1 });
  });

  it('knows their ages to the millisecond', async () => {
    const limits = [HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS];
    const letters = limits.flatMap((ageMs) => [agedLetter(ageMs - 1), agedLetter(ageMs)]);
    const { figures } = await (await createScene([...letters, letterOf('x', { timestamp: 'x' })])).conclude();
    expect(figures).toMatchObject({
      byAge: { underHour: 1, underDay: 2, underWeek: 2, underMonth: 2, older: 1, unknown: 1 },
    });
  });

  it('counts reasons by name, those without one as unknown', async () => {
    const reasons = ['down', 'down', '', 7, undefined, 'x'.repeat(99)];
    const letters = reasons.map((backupReason, n) => {
      const { backupReason: _own, ...letter } = letterOf(`r${n}`);
      return { ...letter, ...(backupReason === undefined ? {} : { backupReason }) };
    });
    const { figures } = await (await createScene(letters)).conclude();
    expect(figures['byReason']).toEqual([
      { name: 'down', count: 2 },
      { name: 'unknown', count: 3 },
      { name: 'x'.repeat(80), count: 1 },
    ]);
  });

  it('tells a letter of the older form by what only that has', async () => {
    const strange: readonly Document[] = [
      { ...letterOf('own'), id: 'w_own' },
      { _id: 'b', backupReason: 'x' },
      { _id: 'c', id: 7, backupReason: 'x' },
      { _id: 'd', id: 'x' },
      { _id: 'e', id: 'x', backupReason: 7 },
    ];
    const { findings } = await (await createScene([FLAT, ...strange])).conclude();
    expect(findings.find(({ kind }) => kind === 'letters-older-form')).toMatchObject({ ids: [FLAT._id], count: 1 });
  });
});

describe('a reader of letters for those who only look', () => {
  const reader = createLetterReader({ hash: testHash, seal: createSeal(KEY) });
  const digest = composeLetterWith(WORK, {});
  const bytesOf = (document: Document) => new TextEncoder().encode(JSON.stringify(document));

  it('reads what is undamaged, also where it is older than the key', () => {
    expect(reader.read(digest)).toMatchObject({ payload: WORK });
    expect(reader.judge(digest)).toBe('unkeyed');
    const plain = composeLetterWith({ _id: 'w_1' }, {});
    const { timestamp: _at, ...kept } = plain;
    expect(reader.decode(bytesOf(kept))).toMatchObject({ payload: { _id: 'w_1' } });
  });

  it('refuses what is damaged', () => {
    for (const run of [() => reader.read({ _id: 'x' }), () => reader.decode(bytesOf({ _id: 'x' }))])
      expect(run).toThrow(expect.toSatisfy((error: unknown) => isDurableError(error, 'LETTER_INVALID')));
    expect(reader.judge({ _id: 'x' })).toBe('malformed');
  });
});
