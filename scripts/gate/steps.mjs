// What the full gate runs, the cheapest first.
import { figure, judgedFigure } from './figures.mjs';

/** @typedef {import('./figures.mjs').Figure} Figure */
/**
 * `figures` reads the object that the command ends with: its last line, or `file` where that is named.
 * @typedef {{
 *   name: string, about: string, command: string, args: readonly string[], file?: string,
 *   figures(result: unknown): readonly Figure[],
 * }} Step
 */

/** @typedef {import('../../test/simulation/histories/tally.ts').Summary} Histories */
/** @typedef {import('../../test/simulation/comparison/figures.ts').Comparison} Comparison */
/** @typedef {import('../../test/chaos/run.ts').Totals & { seconds: number }} Chaos */
/** @typedef {import('../../bench/harness.ts').Row} Row */

/** @typedef {{ kills: number, uncertain: number, rewrites: number, lost: number, torn: number, half: number }} Soak */
/** @typedef {{ rows: readonly { name: string }[], missed: readonly string[] }} Hunt */
/** @typedef {'plans' | 'plansInAnyOrder' | 'lost' | 'duplicated' | 'wrongCounters' | 'violations'} Placed */
/** @typedef {Readonly<Record<Placed, number>>} Placements */
/** @typedef {{ files: Record<string, { mutants: readonly { status: string }[] }> }} Mutation */

/**
 * A command as it is typed; npm itself says nothing.
 * @param {string} script
 * @param {...string} args
 */
const npm = (script, ...args) => ({ command: 'npm', args: ['run', '--silent', script, '--', ...args] });

/** @type {readonly Step[]} */
export const steps = [
  {
    name: 'soak',
    about: 'kill -9 of the local cloud every 2 s for a minute under mixed load',
    ...npm('soak', '--json'),
    figures: (/** @type {Soak} */ { kills, rewrites, uncertain, lost, torn, half }) => [
      figure('kills', kills, '>= 30'),
      figure('steps that a kill cut off', uncertain, '>= 30'),
      figure('kills that met a rewritten log', rewrites, '>= 1'),
      figure('acknowledged writes lost', lost, '= 0'),
      figure('torn', torn, '= 0'),
      figure('transactions half applied', half, '= 0'),
    ],
  },
  {
    name: 'rules',
    about: 'what goes wrong without each rule of the protocol',
    ...npm('sim', '--rules', '--json'),
    figures: (/** @type {Hunt & { wrongWithAll: number }} */ { rows, missed, wrongWithAll }) => [
      figure('ways to take a rule away', rows.length, '>= 14'),
      figure('not shown by any plan', missed.length, '= 0'),
      figure('plans wrong with every rule', wrongWithAll, '= 0'),
    ],
  },
  {
    name: 'compare',
    about: '100,000 calls beside the original algorithm, its mend and an idempotency record',
    ...npm('sim', '--compare', '--calls', '100000', '--json'),
    figures: (/** @type {Comparison} */ { systems, targets }) => [
      figure('calls of each system', Math.min(...systems.map(({ calls }) => calls)), '>= 100000'),
      figure('systems', systems.length, '>= 4'),
      ...targets.map(({ what, value, atMost, met }) =>
        judgedFigure({ what, figure: String(value), target: `<= ${atMost}`, met }),
      ),
    ],
  },
  {
    name: 'test',
    about: 'every check of the project',
    ...npm('test', '--json'),
    figures: (/** @type {import('../test/closing-line.mjs').Counts} */ { passed, failed }) => [
      figure('passed', passed, '>= 1'),
      figure('failed', failed, '= 0'),
    ],
  },
  {
    name: 'sim',
    about: '100,000 random histories of 20 calls',
    ...npm('sim', '--seeds', '100000', '--calls', '20', '--json'),
    figures: (
      /** @type {Histories} */ { seeds, lost, duplicated, paidTwice, violations, neverSeen, seedsPerSecond },
    ) => [
      figure('histories', seeds, '>= 100000'),
      figure('lost', lost, '= 0'),
      figure('duplicated', duplicated, '= 0'),
      figure('paid twice', paidTwice, '= 0'),
      figure('invariants broken', violations, '= 0'),
      figure('situations seen too seldom', neverSeen.length, '= 0'),
      figure('histories a second', seedsPerSecond, '>= 300'),
    ],
  },
  {
    name: 'chaos',
    about: '500 histories of the uploaded functions through the real SDK over a broken wire',
    ...npm('chaos', '--histories', '500', '--json'),
    figures: (/** @type {Chaos} */ { histories, kills, lost, duplicated, paidTwice, wrongCounters, violations }) => [
      figure('histories', histories, '>= 500'),
      figure('kills', kills, '>= 1'),
      figure('lost', lost, '= 0'),
      figure('duplicated', duplicated, '= 0'),
      figure('paid twice', paidTwice, '= 0'),
      figure('wrong counters', wrongCounters, '= 0'),
      figure('invariants broken', violations, '= 0'),
    ],
  },
  {
    name: 'bench',
    about: 'all benchmarks; writes bench/RESULTS.md',
    ...npm('bench', '--json'),
    figures: (/** @type {{ rows: readonly (Row & { bench: string })[] }} */ { rows }) =>
      rows.map(({ bench, what, about, ours, ratio, unit, target, met }) => {
        const shown = about === 'ratio' ? `ratio ${ratio}` : `${ours} ${unit}`;
        return judgedFigure({ what: `${bench}: ${what}`, figure: shown, target, met });
      }),
  },
  {
    name: 'exhaustive',
    about: 'every placement of at most 3 faults over the stories',
    ...npm('sim', '--exhaustive', '3', '--json'),
    figures: (/** @type {Placements} */ { plans, plansInAnyOrder, lost, duplicated, wrongCounters, violations }) => [
      // Three faults in every story are seventy million; two are a thousand times fewer.
      figure('plans', plans, '>= 10000000'),
      figure('plans with statements in any order', plansInAnyOrder, '>= 1000000'),
      figure('lost', lost, '= 0'),
      figure('duplicated', duplicated, '= 0'),
      figure('wrong counters', wrongCounters, '= 0'),
      figure('plans wrong', violations, '= 0'),
    ],
  },
  {
    name: 'planted',
    about: 'after how many random histories each planted mistake is found',
    ...npm('sim', '--planted', '--json'),
    figures: (/** @type {Hunt & { wrongWithoutAny: readonly number[] }} */ { rows, missed, wrongWithoutAny }) => [
      figure('planted mistakes', rows.length, '>= 15'),
      figure('not found in 1,000 histories', missed.length, '= 0'),
      figure('histories wrong without any', wrongWithoutAny.length, '= 0'),
    ],
  },
  {
    name: 'mutation',
    about: 'small mistakes in src/durable and src/generation that the tests notice',
    ...npm('mutation'),
    file: 'dist/mutation/report.json',
    figures: (/** @type {Mutation} */ { files }) => {
      const mutants = Object.values(files).flatMap((file) => file.mutants);
      const count = (/** @type {string[]} */ ...of) => mutants.filter(({ status }) => of.includes(status)).length;
      const noticed = count('Killed', 'Timeout');
      const tried = noticed + count('Survived', 'NoCoverage');
      return [figure('mutants', tried, '>= 1'), figure('score', (100 * noticed) / tried, '>= 85', '%')];
    },
  },
];
