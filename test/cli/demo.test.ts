import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

it('leaves nothing behind when it is interrupted, and ends with 130', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wx-durable-interrupted-'));
  const child = spawn(process.execPath, ['dist/cli/index.js', 'demo'], { env: { ...process.env, TMPDIR: folder } });
  let said = '';
  let isAsked = false;
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    // In the middle of the second act.
    if (said.split('▶').length < 3 || isAsked) return;
    isAsked = child.kill('SIGINT');
  });
  const code = await new Promise((ended) => child.once('close', ended));
  expect({ code, left: readdirSync(folder) }).toEqual({ code: 130, left: [] });
  expect(said).toContain('演示已中断');
  rmSync(folder, { recursive: true, force: true });
}, 60_000);
