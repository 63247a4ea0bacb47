const OFFSET_MS = 8 * 3_600_000;

/** A moment as an operator in China reads it: Beijing time, `2026-11-22 13:00:05`. */
export function beijingMoment(atMs: number): string {
  if (!Number.isFinite(atMs)) return '?';
  return new Date(atMs + OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}
