/** A worker thread that looks for a seed whose history goes wrong; see `scripts/sim/planted.mjs`. */
import { parentPort } from 'node:worker_threads';
import { runHistory } from '../histories/history.ts';

export interface Hunt {
  readonly from: number;
  readonly to: number;
  readonly calls: number;
  /** Seeds that go wrong without any mistake, and prove nothing. */
  readonly except: readonly number[];
  /** Goes on after the first one. @default false */
  readonly findsAll?: boolean;
}

/** A seed whose history went wrong, and how. */
export interface Find {
  readonly seed: number;
  readonly invariant: string;
  readonly words: string;
}

Error.stackTraceLimit = 0;

parentPort?.on('message', (hunt: Hunt) => void search(hunt).then((found) => parentPort?.postMessage(found)));

async function search({ from, to, calls, except, findsAll = false }: Hunt): Promise<readonly Find[]> {
  const found: Find[] = [];
  for (let seed = from; seed < to; seed += 1) {
    if (except.includes(seed)) continue;
    const [first] = await violationsOf(seed, calls);
    if (first) found.push({ seed, ...first });
    if (found.length > 0 && !findsAll) break;
  }
  return found;
}

async function violationsOf(seed: number, calls: number): Promise<readonly Omit<Find, 'seed'>[]> {
  try {
    const { verdict } = await runHistory({ seed, calls });
    return verdict.violations.map(({ invariant, words }) => ({ invariant, words }));
  } catch (error) {
    return [{ invariant: 'none', words: `ended with ${String(error)}` }];
  }
}
