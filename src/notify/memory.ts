import type { AlertState } from './alert.ts';

/** What one instance remembers by itself while the database does not answer. */
export interface Memory {
  get(key: string): AlertState | undefined;
  /** Keeps what is open; what is closed is forgotten. */
  put(state: AlertState): void;
  forget(key: string): void;
  /** Whether this instance may send a message that no other instance knows of. */
  mayTell(nowMs: number): boolean;
  /** It did: not again before then. */
  restUntil(atMs: number): void;
}

/** Conditions are few and their names stable; the cap is for a caller that makes names up. */
const MAX_KEYS = 200;

/** An empty memory. */
export function createMemory(): Memory {
  const states = new Map<string, AlertState>();
  let nextAtMs = 0;
  return {
    get: (key) => states.get(key),
    put(state) {
      states.delete(state.key);
      if (state.state === 'closed') return;
      states.set(state.key, state);
      const [oldest] = states.keys();
      if (states.size > MAX_KEYS && oldest !== undefined) states.delete(oldest);
    },
    forget: (key) => void states.delete(key),
    mayTell: (nowMs) => nowMs >= nextAtMs,
    restUntil(atMs) {
      nextAtMs = atMs;
    },
  };
}
