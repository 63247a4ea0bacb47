import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createBuiltCli, type BuiltCli, type Running } from './built-cli.ts';

const TICK = `exports.main = async (event) => { console.log(event.Type + ' ' + event.TriggerName); return 'x'.repeat(1100000); };`;

let cli: BuiltCli;
let running: Running[] = [];

function addFunction(name: string, config: string): void {
  mkdirSync(join(cli.folder, 'functions', name), { recursive: true });
  writeFileSync(join(cli.folder, 'functions', name, 'index.js'), TICK);
  const triggers = [{ name: 'every', type: 'timer', config }];
  writeFileSync(join(cli.folder, 'functions', name, 'config.json'), JSON.stringify({ timeout: 5, triggers }));
}

beforeAll(async () => {
  cli = await createBuiltCli();
  addFunction('tick', '* * * * * * *');
  addFunction('odd', '0 2 * * *');
});

afterEach(async () => {
  for (const { process: child, ended } of running) {
    child.kill('SIGKILL');
    await ended;
  }
  running = [];
});

afterAll(() => cli.remove());

async function startDev(dir: string, ...args: readonly string[]): Promise<Running & { readonly url: string }> {
  const dev = cli.start(['dev', '--port', '0', '--dir', dir, '--functions', 'functions', ...args]);
  running.push(dev);
  const [url] = await dev.sees(/http:\/\/127\.0\.0\.1:\d+/);
  await dev.sees(/Ctrl-C/);
  return { ...dev, url };
}

test('timers fire by themselves, and the welcome names those that do and those that cannot', async () => {
  const dev = await startDev('data-timers');
  await dev.sees(/定时触发（北京时间）：tick \d\d-\d\d \d\d:\d\d:\d\d/);
  await dev.sees(/⚠️ {2}定时器不会触发：odd: a timer has 7 fields, "0 2 \* \* \*" has 5/);
  await dev.sees(/^\[tick \S+\] Timer every$/m);
});

test('with --no-timers they only run when they are asked to, and with --no-limits whatever they answer comes back', async () => {
  const dev = await startDev('data-no-timers', '--no-timers', '--no-limits');
  const timers = (await (await fetch(`${dev.url}/_emulator/timers`)).json()) as { next: unknown }[];
  expect(timers.map(({ next }) => next)).toEqual([null, null]);
  const answer = await fetch(`${dev.url}/_emulator/timers/tick`, { method: 'POST' });
  expect(((await answer.json()) as { result: string }).result).toHaveLength(1_100_000);
  dev.process.kill('SIGTERM');
  const { stdout } = await dev.ended;
  expect(stdout).not.toContain('定时触发');
  expect(stdout.match(/Timer every/g)).toHaveLength(1);
});
