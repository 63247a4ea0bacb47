/**
 * `npm run gate [-- --only NAME] [--except NAME] [--json FILE] [--list]`: everything at full size, the cheapest first;
 * takes hours. Each step goes on whatever the others came to; the last line is `N passed, N failed`, of figures.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { arch, availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { closingLine } from './test/closing-line.mjs';
import { countsOf, tableOf } from './gate/closing.mjs';
import { commandOf, runGate } from './gate/run-gate.mjs';
import { steps } from './gate/steps.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    except: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});
const { only, except } = values;
const names = steps.map(({ name }) => name);
const unknown = [...(only ?? []), ...except].filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no step ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exit(3);
}
const chosen = steps.filter(({ name }) => (only?.includes(name) ?? true) && !except.includes(name));
if (values.list)
  for (const step of chosen) console.log(`${step.name.padEnd(12)}${commandOf(step)}\n${' '.repeat(12)}${step.about}`);
else process.exitCode = await gate();

async function gate() {
  const startedAt = new Date();
  // What is measured is what the sources say now.
  const built = spawnSync(process.execPath, ['scripts/build.mjs', '--report', 'stderr'], { stdio: 'inherit' });
  const outcomes = built.status === 0 ? await runGate(chosen, console.log) : [];
  const counts = countsOf(outcomes);
  const machine = `Node ${process.versions.node}, ${availableParallelism()} processors, ${arch()}`;
  const result = { startedAt, endedAt: new Date(), machine, ...counts, steps: outcomes };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`\n${tableOf(outcomes)}\n\n${closingLine(counts)}`);
  return counts.failed === 0 ? 0 : 1;
}
