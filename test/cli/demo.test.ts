import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { Figures } from '../../src/cli/demo/audit.ts';

it('leaves exactly one record for every paid picture while everything goes wrong, and prints only JSON', async () => {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['dist/cli/index.js', 'demo', '--json'], { maxBuffer: 1e8 });
  const figures = JSON.parse(stdout) as Figures;
  console.log(`# demo: ${stdout.trim()}`);
  expect(figures).toMatchObject({ lost: 0, duplicates: 0, paidTwice: 0, countersRight: true });
  // Controls: the faults really were met, and the demonstration was no idle one.
  expect(figures.calls).toBeGreaterThanOrEqual(30);
  expect(figures.deadLetters).toBeGreaterThan(0);
  expect(figures.redriven).toBe(figures.deadLetters);
  expect(figures.unknown).toBeLessThanOrEqual(2);
}, 240_000);
