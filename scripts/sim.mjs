/**
 * `npm run sim -- [--seeds N] [--calls N] [--seed N] [--json]`: random histories.
 * `… --exhaustive N [--story NAME]`: every placement of at most N faults over each story.
 * `… --rules [--rule N]`: what goes wrong without each rule of the protocol.
 * `… --planted [--bug NAME]`: after how many random histories each planted mistake is found.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { bundle } from './sim/bundle.mjs';
import { exhaustive } from './sim/exhaustive.mjs';
import { planted } from './sim/planted.mjs';
import { rules } from './sim/rules.mjs';

/** Those that are bundled and run as they are; without any of them, the random histories. */
const RUNS = { histories: 'test/simulation/histories/run.ts', compare: 'test/simulation/comparison/run.ts' };

const options = process.argv.slice(2);
process.exitCode = options.some((option) => /^--(exhaustive|rules|planted)\b/.test(option))
  ? await mode()
  : await run(options.some((option) => option === '--compare') ? 'compare' : 'histories');

/** @param {keyof typeof RUNS} name */
async function run(name) {
  const outfile = `dist/sim/${name}.mjs`;
  await bundle(RUNS[name], outfile);
  const { status } = spawnSync(process.execPath, [outfile, ...options], { stdio: 'inherit' });
  return status ?? 1;
}

async function mode() {
  const { values } = parseArgs({
    options: {
      exhaustive: { type: 'string' },
      story: { type: 'string' },
      rules: { type: 'boolean', default: false },
      rule: { type: 'string' },
      planted: { type: 'boolean', default: false },
      bug: { type: 'string', multiple: true },
      seeds: { type: 'string', default: '1000' },
      calls: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
    },
  });
  const { json, story, bug, rule } = values;
  if (values.exhaustive !== undefined) return exhaustive({ faults: Number(values.exhaustive), json, story });
  if (values.rules) return rules({ json, rule: rule === undefined ? undefined : Number(rule) });
  return planted({ json, seeds: Number(values.seeds), calls: Number(values.calls), names: bug });
}
