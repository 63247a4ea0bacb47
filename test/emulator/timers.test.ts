import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EmulatorOptions } from '../../src/emulator/index.ts';
import { nextAfter, parseCron, type Cron } from '../../src/emulator/functions/timers/cron.ts';
import { createTestClock } from '../support/test-clock.ts';
import { functionsFolder, openEmulator, type Json } from './harness.ts';

/** Sunday, 22 November 2026, 12:00 in Beijing. */
const NOON = Date.UTC(2026, 10, 22, 4, 0, 0);

/** When an expression fires first after a moment, as Beijing's clocks show it. */
function first(expression: string, afterMs = NOON): string {
  const nextMs = nextAfter(cronOf(expression), afterMs);
  return nextMs === undefined ? 'never' : new Date(nextMs + 8 * 3_600_000).toISOString().slice(0, 19);
}

function cronOf(expression: string): Cron {
  const cron = parseCron(expression);
  if (typeof cron === 'string') throw new Error(cron);
  return cron;
}

describe('expressions', () => {
  test.each([
    ['0 0 2 * * * *', '2026-11-23T02:00:00'],
    ['30 * * * * * *', '2026-11-22T12:00:30'],
    ['0 4/10 * * * * *', '2026-11-22T12:04:00'],
    ['0 */15 9-11 * * * *', '2026-11-23T09:00:00'],
    ['0 0 0 1 * * *', '2026-12-01T00:00:00'],
    ['0 0 0 29 FEB * *', '2028-02-29T00:00:00'],
    ['0 0 12 * * * *', '2026-11-23T12:00:00'],
    ['0 30 10 * * MON-FRI *', '2026-11-23T10:30:00'],
    ['0 0 0 * * 0 *', '2026-11-29T00:00:00'],
    ['1,2,5 0 12 22 11 * 2026', '2026-11-22T12:00:01'],
    ['0 0 0 1 1 * 2098', '2098-01-01T00:00:00'],
    ['0 0 0 1 1 * 2020', 'never'],
    ['0 0 0 30 2 * *', 'never'],
  ])('%s fires next at %s', (expression, moment) => {
    expect(first(expression)).toBe(moment);
  });

  test('a day of the month and a day of the week together mean either', () => {
    expect(first('0 0 0 25 * TUE *')).toBe('2026-11-24T00:00:00');
    expect(first('0 0 0 25 * TUE *', Date.UTC(2026, 10, 23, 17))).toBe('2026-11-25T00:00:00');
  });

  test('the next moment is the one that a walk over every second finds', () => {
    const numbers = (min: number, max: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min, max }).map(String),
        fc.tuple(fc.integer({ min, max }), fc.integer({ min: 1, max: 7 })).map(([from, step]) => `${from}/${step}`),
      );
    const expression = fc.tuple(numbers(0, 59), numbers(0, 59), numbers(0, 23), numbers(20, 24), numbers(0, 6));
    fc.assert(
      fc.property(expression, fc.integer({ min: 0, max: 7200 }), ([second, minute, hour, day, weekday], later) => {
        const cron = cronOf(`${second} ${minute} ${hour} ${day} * ${weekday} *`);
        const fromMs = NOON + later * 1000 + 1;
        const next = nextAfter(cron, fromMs) ?? Infinity;
        expect(walk(cron, fromMs)).toBe(next <= fromMs + 86_400_000 ? next : undefined);
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    ['0 0 2 * * *', '7 fields'],
    ['60 0 2 * * * *', 'second'],
    ['0 0 24 * * * *', 'hour'],
    ['0 0 0 0 * * *', 'day'],
    ['0 0 0 * * 7 *', 'weekday'],
    ['0 0 0 5-1 * * *', 'day'],
    ['0 0/0 0 * * * *', 'minute'],
    ['0 0 0 L * * *', 'day'],
    ['0 0 0 ? * * *', 'day'],
    ['0 , 0 * * * *', 'minute'],
  ])('%s is refused', (expression, reason) => {
    expect(parseCron(expression)).toContain(reason);
  });
});

function walk(cron: Cron, fromMs: number): number | undefined {
  const startMs = Math.floor(fromMs / 1000) * 1000 + 1000;
  for (let atMs = startMs; atMs <= fromMs + 86_400_000; atMs += 1000) {
    const beijing = new Date(atMs + 8 * 3_600_000);
    const isDay = cron.day.has(beijing.getUTCDate());
    const isWeekday = cron.weekday.has(beijing.getUTCDay());
    if (!(cron.isEitherDay ? isDay || isWeekday : isDay && isWeekday)) continue;
    if (!cron.hour.has(beijing.getUTCHours()) || !cron.minute.has(beijing.getUTCMinutes())) continue;
    if (cron.second.has(beijing.getUTCSeconds())) return atMs;
  }
  return undefined;
}

const TELL = `
const cloud = require('wx-server-sdk');
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
exports.main = async (event) => {
  console.log(JSON.stringify({ event, user: cloud.getWXContext().OPENID ?? null }));
  return { heard: event.TriggerName };
};`;

const FAIL_TWICE = `
let runs = 0;
exports.main = async (event) => {
  runs += 1;
  console.log(JSON.stringify({ run: runs, Time: event.Time }));
  if (runs < 3) throw new Error('not yet');
};`;

const FAIL = `exports.main = async (event) => { console.log(event.Time); throw new Error('never'); };`;

interface Setting {
  readonly source: string;
  readonly config?: Json;
  readonly options?: Partial<EmulatorOptions>;
}

/** A local cloud with the function `probe` and a clock that stands at noon. */
async function open({ source, config = {}, options = {} }: Setting) {
  const folder = functionsFolder({ probe: source });
  const setConfig = (text: Json) => writeFileSync(join(folder, 'probe/config.json'), JSON.stringify(text));
  setConfig({ timeout: 10, ...config });
  const clock = createTestClock(NOON);
  const lines: string[] = [];
  let heard = (): void => undefined;
  const emulator = await openEmulator({
    functionsDir: folder,
    clock,
    timers: true,
    onConsole({ text }) {
      // A stack is several lines, and no part of the story.
      if (!text.startsWith('Error')) lines.push(text.trim());
      heard();
    },
    ...options,
  });
  /** Waits until so many lines were printed. */
  const printed = async (count: number): Promise<readonly string[]> => {
    while (lines.length < count) await new Promise<void>((resolve) => (heard = resolve));
    return lines;
  };
  return { emulator, clock, folder, lines, printed, setConfig };
}

const timer = (config: string, name = 'nightly') => ({ triggers: [{ name, type: 'timer', config }] });

async function listed(url: string): Promise<readonly Json[]> {
  return (await (await fetch(`${url}/_emulator/timers`)).json()) as readonly Json[];
}

describe('timers that are on', () => {
  test('a function hears of its moment in Beijing time, on behalf of nobody', async () => {
    const { clock, lines, printed } = await open({ source: TELL, config: timer('0 1 12 * * * *') });
    await clock.advance(59_999);
    expect(lines).toEqual([]);
    await clock.advance(1);
    expect((await printed(1)).map((line) => JSON.parse(line) as Json)).toEqual([
      {
        event: { Type: 'Timer', TriggerName: 'nightly', Time: '2026-11-22T04:01:00Z', Message: '' },
        user: null,
      },
    ]);
  });

  test('each moment is delivered twice where duplicates are asked for', async () => {
    const config = timer('0 1 12 * * * *');
    const { clock, printed } = await open({ source: TELL, config, options: { timers: { duplicates: true } } });
    await clock.advance(60_000);
    const [one, two] = await printed(2);
    expect(two).toBe(one);
  });

  test('a run that fails is run again with the same event a minute later, until one succeeds', async () => {
    const { clock, lines, printed } = await open({ source: FAIL_TWICE, config: timer('0 1 12 * * * *') });
    await clock.advance(60_000);
    await printed(2);
    await clock.advance(59_999);
    expect(lines).toHaveLength(2);
    await clock.advance(1);
    await printed(4);
    await clock.advance(60_000);
    await printed(5);
    expect(lines.filter((line) => line.startsWith('{'))).toEqual(
      [1, 2, 3].map((run) => JSON.stringify({ run, Time: '2026-11-22T04:01:00Z' })),
    );
    expect(lines.filter((line) => line.includes('again in a minute'))).toHaveLength(2);
  });

  test('it is run three times in all, and not a fourth', async () => {
    const { clock, lines, printed } = await open({ source: FAIL, config: timer('0 1 12 * * * *') });
    for (const count of [2, 4, 6]) {
      await clock.advance(60_000);
      await printed(count);
    }
    expect(lines.at(-1)).toContain('it was the last');
    await clock.advance(600_000);
    expect(lines).toHaveLength(6);
  });

  test('a run that finds no place is tried again every minute, more often than a failing one', async () => {
    const options = { limits: { concurrentCalls: 0 } };
    const { clock, lines, printed } = await open({ source: TELL, config: timer('0 1 12 * * * *'), options });
    for (const count of [1, 2, 3, 4, 5]) {
      await clock.advance(60_000);
      await printed(count);
    }
    expect(lines.every((line) => line.includes('exceed concurrent request limit'))).toBe(true);
  });

  test('after a sleep through several moments it runs once, for the last of them', async () => {
    const clock = createTestClock(NOON);
    let sleptMs = 0;
    const sleepy = { ...clock, now: () => clock.now() + sleptMs };
    const { lines, printed } = await open({
      source: TELL,
      config: timer('0 */10 * * * * *'),
      options: { clock: sleepy },
    });
    sleptMs = 3 * 3_600_000 + 60_000;
    await clock.advance(5000);
    await printed(1);
    // Nothing that needs time is left of what fell due.
    await clock.advance(5000);
    expect(lines.map((line) => (JSON.parse(line) as { event: Json }).event['Time'])).toEqual(['2026-11-22T07:00:00Z']);
  });

  test('a timer that is added while the local cloud runs fires, one that is taken away does not', async () => {
    const { clock, lines, printed, setConfig } = await open({ source: TELL });
    setConfig({ timeout: 10, ...timer('0 * * * * * *') });
    await clock.advance(60_000);
    await printed(1);
    setConfig({ timeout: 10 });
    await clock.advance(180_000);
    expect(lines).toHaveLength(1);
  });
});

describe('timers that people see', () => {
  test('they are listed with their next moment', async () => {
    const { emulator } = await open({ source: TELL, config: timer('0 0 2 * * * *') });
    expect(await listed(emulator.url)).toEqual([
      { function: 'probe', trigger: 'nightly', config: '0 0 2 * * * *', next: '2026-11-22T18:00:00.000Z' },
    ]);
  });

  test('one that cannot fire is listed with the reason', async () => {
    const { emulator } = await open({ source: TELL, config: timer('0 0 2 * * *') });
    expect(await listed(emulator.url)).toMatchObject([{ next: null, error: expect.stringContaining('7 fields') }]);
  });

  test('a second timer of a function, and one with a name that the platform refuses, never fire', async () => {
    const triggers = [...timer('0 0 2 * * * *', '2nd').triggers, ...timer('0 0 3 * * * *').triggers];
    const { emulator } = await open({ source: TELL, config: { triggers } });
    expect(await listed(emulator.url)).toMatchObject([
      { next: null, error: expect.stringContaining('begins with a letter') },
      { next: null, error: expect.stringContaining('one timer') },
    ]);
  });

  test('cloudbaserc.json beside the folder of functions says when, before config.json does', async () => {
    const { folder } = await open({ source: TELL, config: timer('0 0 2 * * * *') });
    const functionsDir = join(folder, 'functions');
    mkdirSync(join(functionsDir, 'probe'), { recursive: true });
    writeFileSync(join(functionsDir, 'probe/index.js'), TELL);
    writeFileSync(join(functionsDir, 'probe/config.json'), JSON.stringify(timer('0 0 2 * * * *')));
    const functions = [{ name: 'probe', ...timer('0 0 5 * * * *', 'deployed') }];
    writeFileSync(join(folder, 'cloudbaserc.json'), JSON.stringify({ functions }));
    const emulator = await openEmulator({ functionsDir });
    expect(await listed(emulator.url)).toMatchObject([{ trigger: 'deployed', config: '0 0 5 * * * *' }]);
  });
});

describe('timers that are off, as they are by default', () => {
  test('nothing fires by itself, and one is run by hand and answers its result', async () => {
    const config = timer('0 1 12 * * * *');
    const { clock, emulator, lines } = await open({ source: TELL, config, options: { timers: false } });
    await clock.advance(120_000);
    expect(lines).toEqual([]);
    expect(await listed(emulator.url)).toMatchObject([{ next: null }]);
    const answer = await fetch(`${emulator.url}/_emulator/timers/probe`, { method: 'POST' });
    expect(await answer.json()).toMatchObject({ result: { heard: 'nightly' } });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: { Time: '2026-11-22T04:02:00Z' }, user: null });
  });

  test('a function without a timer has none to run', async () => {
    const { emulator } = await open({ source: TELL });
    const answer = await fetch(`${emulator.url}/_emulator/timers/probe`, { method: 'POST' });
    expect(answer.status).toBe(404);
  });
});
