/** How fast the random histories are, as the command runs them: on all processors. */
import { spawnSync } from 'node:child_process';
import { figureRow, report } from './harness.ts';

const IS_QUICK = process.argv.includes('--quick');
const SEEDS = IS_QUICK ? 300 : 1_000;
const ROUNDS = IS_QUICK ? 2 : 7;

interface Summary {
  readonly violations: number;
  readonly seedsPerSecond: number;
}

function run(from: number): number {
  const options = ['--seeds', String(SEEDS), '--from', String(from), '--calls', '20', '--json'];
  const { stdout, stderr } = spawnSync(process.execPath, ['scripts/sim.mjs', ...options], { encoding: 'utf8' });
  const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Summary;
  // What finds nothing because it broke would be fast.
  if (summary.violations !== 0) throw new Error(`${stdout}\n${stderr}`);
  return summary.seedsPerSecond;
}

const perSecond = Array.from({ length: ROUNDS }, (_, round) => run(1 + round * SEEDS));
report('simulation', [figureRow('random histories of 20 calls', 'a second', perSecond, '>= 300')]);
