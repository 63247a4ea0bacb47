import type { Summary } from './tally.ts';

const WIDTH = 80;

/** The summary as people read it, on 80 columns. */
export function renderSummary(summary: Summary): string {
  const { seeds, calls, seconds, seedsPerSecond, coverage, neverSeen, failures } = summary;
  const ends = ['delivered', 'refused', 'unknown', 'onlyInLog'] as const;
  const wrongs = ['lost', 'duplicated', 'paidTwice', 'violations'] as const;
  return [
    `${seeds} histories, ${calls} calls, ${seconds} s, ${seedsPerSecond} histories a second`,
    '',
    wrongs.map((name) => `${name} ${summary[name]}`).join('   '),
    ends.map((name) => `${name} ${summary[name]}`).join('   '),
    '',
    'came through (histories):',
    ...columns(Object.entries(coverage).map(([situation, count]) => `${String(count).padStart(6)} ${situation}`)),
    ...neverSeen.map((situation) => `NEVER SEEN: ${situation}`),
    ...failures.map(({ seed, words }) => `VIOLATED in seed ${seed}: ${words}`.slice(0, WIDTH)),
    ...(failures.length > 0 ? [`replay one: npm run sim -- --seed ${failures[0]?.seed}`] : []),
  ].join('\n');
}

function columns(cells: readonly string[]): readonly string[] {
  const half = Math.ceil(cells.length / 2);
  const width = WIDTH / 2;
  return cells.slice(0, half).map((cell, row) => {
    const left = cell.slice(0, width - 1).padEnd(width);
    return `${left}${(cells[half + row] ?? '').slice(0, width)}`.trimEnd();
  });
}
