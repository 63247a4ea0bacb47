import { request } from './request.ts';

/** A timer of a function in the local cloud. */
export interface Timer {
  readonly function: string;
  /** ISO moment at which it fires next; null where it never does. */
  readonly next: string | null;
  /** Why it never fires. */
  readonly error?: string;
}

/** The timers that the local cloud at `url` found. */
export async function readTimers(url: string): Promise<readonly Timer[]> {
  return (await (await request(`${url}/_emulator/timers`)).json()) as readonly Timer[];
}
