/** Many histories, several at a time, each on a cloud of its own while it lasts. */
import { createCloudControl } from './cloud-control.ts';
import { cover, createCoverage, type Coverage } from './coverage.ts';
import { gather, type Evidence } from './evidence.ts';
import { openLane, type Built } from './lane.ts';
import { planHistory } from './plan.ts';
import type { Scene } from './course.ts';
import { playHistory, type Played } from './play.ts';
import { judgeHistory, type Judged } from './verdict.ts';

/** All that is known of a history. */
export interface Failing {
  readonly seed: number;
  readonly judged: Judged;
  readonly played: Played;
  readonly evidence: Evidence;
  readonly printed: readonly string[];
}

export interface Totals {
  histories: number;
  calls: number;
  lost: number;
  duplicated: number;
  paidTwice: number;
  wrongCounters: number;
  violations: number;
  delivered: number;
  refused: number;
  unknown: number;
  onlyInLog: number;
  /** Functions and clouds that were killed. */
  kills: number;
}

export interface Outcome {
  readonly totals: Totals;
  readonly coverage: Coverage;
  readonly failing: readonly Failing[];
  /** Those without a violation, where all were to be kept. */
  readonly seen: readonly Failing[];
}

export interface RunOptions {
  readonly built: Built;
  readonly seeds: readonly number[];
  /** Clouds side by side. */
  readonly lanes: number;
  /** @default only what fails is kept */
  readonly keepAll?: boolean;
  readonly onHistory?: (totals: Totals) => void;
}

/** A cloud's log is read as a whole, so it is not let grow without end. */
const HISTORIES_OF_A_LANE = 40;

export async function runHistories({ built, seeds, lanes, keepAll, onHistory }: RunOptions): Promise<Outcome> {
  const totals = emptyTotals();
  const coverage = createCoverage();
  const failing: Failing[] = [];
  const seen: Failing[] = [];
  const queue = [...seeds];
  const work = async (): Promise<void> => {
    while (queue.length > 0) {
      const lane = await openLane(built);
      const scene: Scene = { lane, cloud: createCloudControl(lane.url) };
      try {
        for (let left = HISTORIES_OF_A_LANE; left > 0; left -= 1) {
          const seed = queue.shift();
          if (seed === undefined) break;
          const { judged, played, evidence } = await runHistory(scene, seed);
          addUp(totals, judged, played);
          cover(coverage, played, evidence, lane.printed());
          const isFailing = judged.violations.length > 0;
          if (isFailing || keepAll) {
            const printed = lane.printed().map(({ text }) => text);
            (isFailing ? failing : seen).push({ seed, judged, played, evidence, printed });
          }
          onHistory?.(totals);
        }
      } finally {
        await lane.close();
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return { totals, coverage, failing, seen };
}

export async function runHistory(scene: Scene, seed: number) {
  const played = await playHistory(scene, planHistory(seed));
  const evidence = await gather(scene, played);
  return { played, evidence, judged: judgeHistory(evidence, played) };
}

const COUNTED = [
  'lost',
  'duplicated',
  'paidTwice',
  'wrongCounters',
  'delivered',
  'refused',
  'unknown',
  'onlyInLog',
] as const;

const emptyTotals = (): Totals => ({
  ...{ histories: 0, calls: 0, violations: 0, kills: 0 },
  ...{ lost: 0, duplicated: 0, paidTwice: 0, wrongCounters: 0 },
  ...{ delivered: 0, refused: 0, unknown: 0, onlyInLog: 0 },
});

function addUp(totals: Totals, judged: Judged, { clients, kills }: Played): void {
  totals.histories += 1;
  totals.calls += clients.answers.length;
  totals.violations += judged.violations.length;
  totals.kills += kills;
  for (const name of COUNTED) totals[name] += judged[name];
}
