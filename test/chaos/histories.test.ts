import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { buildChaos } from '../../scripts/chaos/build.mjs';
import { builtIn } from './lane.ts';
import { renderFailing } from './report.ts';
import { runHistories } from './run.ts';

const SEEDS = Array.from({ length: 30 }, (_, index) => index + 1);
const FOLDER = resolve('dist/chaos');

test('In 30 histories of the real SDK over a broken wire nothing is lost, doubled, paid twice or counted wrong', async () => {
  await buildChaos({ root: resolve('.'), outDir: FOLDER });
  const { totals, coverage, failing } = await runHistories({ built: builtIn(FOLDER), seeds: SEEDS, lanes: 4 });
  console.log(JSON.stringify(totals));
  expect(failing.map(renderFailing)).toEqual([]);
  expect(totals).toMatchObject({
    histories: 30,
    lost: 0,
    duplicated: 0,
    paidTwice: 0,
    wrongCounters: 0,
    violations: 0,
  });
  // Something went wrong in them, or nothing has been shown.
  expect(totals.delivered).toBeGreaterThan(0);
  expect(totals.unknown).toBeGreaterThan(0);
  expect(totals.kills).toBeGreaterThan(0);
  expect([...coverage.values()].filter((count) => count > 0).length).toBeGreaterThan(coverage.size / 2);
}, 300_000);
