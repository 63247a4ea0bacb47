/** `npm run chaos [-- --histories N --json | --seed N]`: see scripts/chaos.mjs, which bundles and starts this. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { COVERED_FROM, missingFrom } from './coverage.ts';
import { builtIn } from './lane.ts';
import { renderFailing, renderOutcome } from './report.ts';
import { runHistories } from './run.ts';

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '100' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    lanes: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
});
const count = (name: string, text: string): number => {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  console.error(`--${name} wants a whole number from 1`);
  process.exit(3);
};
const first = count('first', values.first);
const seeds =
  values.seed === undefined
    ? Array.from({ length: count('histories', values.histories) }, (_, index) => first + index)
    : [count('seed', values.seed)];
const startedAtMs = performance.now();
const { totals, coverage, failing, seen } = await runHistories({
  built: builtIn(dirname(fileURLToPath(import.meta.url))),
  seeds,
  lanes: Math.min(count('lanes', values.lanes), seeds.length),
  keepAll: values.seed !== undefined,
  onHistory: ({ histories, violations }) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${histories} of ${seeds.length}, ${violations} violations `);
  },
});
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
const seconds = Math.round((performance.now() - startedAtMs) / 100) / 10;
const missing = seeds.length >= COVERED_FROM ? missingFrom(coverage) : [];
for (const one of failing) console.error(renderFailing(one));
if (values.seed !== undefined && failing.length === 0) for (const one of seen) console.error(renderFailing(one));
if (missing.length > 0) console.error(`never seen: ${missing.join(', ')}`);
if (values.json) console.log(JSON.stringify({ ...totals, coverage: Object.fromEntries(coverage), seconds }));
else console.log(renderOutcome(totals, coverage, seconds));
process.exitCode = totals.violations > 0 || missing.length > 0 ? 1 : 0;
