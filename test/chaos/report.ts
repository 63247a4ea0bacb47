import type { Coverage } from './coverage.ts';
import type { Failing, Totals } from './run.ts';

const WIDTH = 80;

/** A run as a table of 80 columns. */
export function renderOutcome(totals: Totals, coverage: Coverage, seconds: number): string {
  const perSecond = (totals.histories / seconds).toFixed(2);
  const figures = [...Object.entries(totals), ['seconds', `${seconds} (${perSecond} histories a second)`] as const];
  return [
    'The real SDK over a broken wire',
    ...figures.map(([name, value]) => `  ${name.padEnd(16)}${value}`),
    '',
    'How often each was met or seen',
    ...inColumns([...coverage].map(([name, count]) => `${String(count).padStart(6)}  ${name}`)),
  ].join('\n');
}

function inColumns(cells: readonly string[]): readonly string[] {
  const half = Math.ceil(cells.length / 2);
  return cells.slice(0, half).map((cell, index) => `${cell.padEnd(WIDTH / 2)}${cells[half + index] ?? ''}`.trimEnd());
}

/** Of a document that was committed: what tells its state. A hold's own fields stand below its id. */
function shown(field: string, value: unknown): unknown {
  return HIDDEN.has(field) ? undefined : value;
}
const HIDDEN = new Set([
  'prompt',
  'originalPrompt',
  'enhancedPrompt',
  'title',
  'draft',
  'mac',
  'schemaVersion',
  'hash',
]);

/** All that is known of a history: what was wrong, what happened, and what was committed. */
export function renderFailing({ seed, judged, played, evidence, printed }: Failing): string {
  const wrong = judged.violations.map(({ invariant, words, recordId = '' }) => `  ${invariant} ${recordId} ${words}`);
  const commits = evidence.log.map(({ seq, atMs, place, id, after }) => {
    const facts = after === undefined ? 'removed' : JSON.stringify(after, shown);
    return `  ${seq} ${new Date(atMs).toISOString()} ${place} ${id} ${facts}`;
  });
  return [
    `history ${seed}: ${wrong.length} violations; again with: npm run chaos -- --seed ${seed}`,
    'Faults stand at the same statements again; how long real processes take is never the same twice.',
    ...wrong,
    ...played.events.map((event) => `  ${event}`),
    'orders:',
    ...evidence.truth.paid.map((call) => `  ${JSON.stringify(call)}`),
    'commits:',
    ...commits,
    'printed:',
    ...printed.flatMap((text) => text.trimEnd().split('\n')).map((line) => `  ${line}`),
  ].join('\n');
}
