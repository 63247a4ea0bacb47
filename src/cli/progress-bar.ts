const WIDTH = 24;

/** How far a walk is, for one line: `████████░░░░  8,123 / 20,000  41 %`. */
export function progressBar(done: number, total: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const filled = Math.round(share * WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
  return `${bar}  ${thousands(done)} / ${thousands(Math.max(done, total))}  ${Math.floor(share * 100)} %`;
}

/** A count as people read it: 12,345. */
export function thousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
