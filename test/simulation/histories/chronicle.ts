import type { Document } from '../../../src/store/index.ts';
import { mix } from './draws.ts';
import type { SimClock } from './sim-clock.ts';
import type { Commit } from './truth.ts';

/** What happened, in its order: commits for the judge, words for people, and a fingerprint of both. */
export interface Chronicle {
  readonly commits: Commit[];
  readonly lines: string[];
  /** How many seeds' worth of "seen at least once" there is: names of situations. */
  readonly seen: Set<string>;
  /** Notes that something happened; the words are made only where somebody will read them. */
  tell(who: string, words: () => string): void;
  commit(place: string, id: string, after: Document | undefined): void;
  see(situation: string): void;
  fingerprint(): string;
}

export function createChronicle(clock: SimClock, isTold: boolean): Chronicle {
  const startMs = clock.now();
  const commits: Commit[] = [];
  const lines: string[] = [];
  const seen = new Set<string>();
  let state = 2_166_136_261;
  const stamp = (): string => ((clock.now() - startMs) / 1_000).toFixed(3).padStart(12);
  return {
    commits,
    lines,
    seen,
    tell(who, words) {
      state = mix(mix(state, (clock.now() - startMs) * 1_000), who);
      if (isTold) lines.push(`${stamp()} ${who.padEnd(10)} ${words()}`);
    },
    commit(place, id, after) {
      const seq = commits.length + 1;
      commits.push({ seq, atMs: clock.now(), place, id, after });
      state = mix(mix(state, seq), id);
      if (isTold) lines.push(`${stamp()} ${'commit'.padEnd(10)} #${seq} ${place} ${id} ${wordsOf(place, after)}`);
    },
    see: (situation) => void seen.add(situation),
    fingerprint: () => (state >>> 0).toString(16).padStart(8, '0'),
  };
}

interface Told {
  readonly status?: unknown;
  readonly state?: unknown;
  readonly attempt?: unknown;
  readonly token?: unknown;
  readonly credits?: unknown;
  readonly generateCount?: unknown;
  readonly deletedAt?: unknown;
  readonly quota?: { readonly open?: unknown; readonly seq?: unknown; readonly holds?: Record<string, Hold | null> };
  readonly payload?: { readonly status?: unknown; readonly token?: unknown };
}
interface Hold {
  readonly st?: unknown;
  readonly attempt?: unknown;
}

const short = (value: unknown): string => String(value).slice(0, 6);

function wordsOf(place: string, after: Document | undefined): string {
  if (!after) return 'removed';
  const told = after as unknown as Told;
  if (place === 'works') {
    const deleted = told.deletedAt === undefined ? '' : ', deleted';
    return `${String(told.status)}, attempt ${String(told.attempt)}, token ${short(told.token)}${deleted}`;
  }
  if (place !== 'users') return `${String(told.state)}: ${String(told.payload?.status)} ${short(told.payload?.token)}`;
  const holds = Object.entries(told.quota?.holds ?? {}).map(([id, hold]) => `${id.slice(2, 6)} ${String(hold?.st)}`);
  const counts = `credits ${String(told.credits)}, count ${String(told.generateCount)}`;
  return `${counts}, open ${String(told.quota?.open)} [${holds.join(', ')}]`;
}
