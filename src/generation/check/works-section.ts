import type { Clock, Deadline, Log, Random } from '../../core/index.ts';
import { createRetriedReads, createRetrier, isCanary, type Reads, type Retrier } from '../../durable/index.ts';
import {
  addFinding,
  collections,
  concludeFindings,
  statusOf,
  type CheckSection,
  type FoundSoFar,
  type Section,
} from '../../records/index.ts';
import { MAX_PAGE, type Blobs, type Document, type Store } from '../../store/index.ts';
import { fileIdOf, WORK_FIELDS, WORK_FINDINGS } from './anomalies.ts';
import { missingFiles } from './files.ts';
import { checkHolds } from './holds.ts';
import { beginLanes, foundIn, placeOf, type Lane } from './lanes.ts';
import { checkOwners } from './owners.ts';
import { countWork, emptyTally, figuresOf, type WorksTally } from './works-tally.ts';

export interface WorksSectionDeps {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface WorksSectionOptions {
  /** Ask storage for every picture, and not for a sample of 100. @default false */
  readonly deep?: boolean;
}

/** Records first, then what several of them say together, then the open holds, then the sample of files. */
type Phase = 'records' | 'owners' | 'holds' | 'files' | 'over';

/** Where the section stands. */
export type WorksState = {
  phase: Phase;
  /** Where the records are walked, … */
  lanes: Lane[];
  /** … and everything else. */
  after: string | null;
  /** Records a page: fewer once the platform has refused a page as too large. */
  pageSize: number;
  deep: boolean;
  files: { checked: number; missing: number };
  holds: { open: number; stale: number };
  tally: WorksTally;
};

interface Step {
  readonly deps: WorksSectionDeps;
  readonly reads: Reads;
  readonly retrier: Retrier;
  readonly state: WorksState;
  readonly deadline: Deadline;
}

/**
 * Section `works`: how many records there are of which kind, and which of them cannot be right. One walk in pages of
 * 1,000 records, four at once; then about three requests for every 1,000 users: a million records take some 1,300
 * requests.
 */
export function createWorksSection(deps: WorksSectionDeps, options: WorksSectionOptions = {}): CheckSection {
  const retrier = createRetrier(deps);
  return {
    name: 'works',
    begin: () => begin(deps.clock.now(), options.deep ?? false),
    async advance(from, deadline) {
      const state = structuredClone(from) as WorksState;
      if (state.phase === 'over') return { state, finished: true };
      const reads = createRetriedReads(deps.store, retrier, { deadline });
      await STEPS[state.phase]({ deps, reads, retrier, state, deadline });
      // A pure assignment in a step narrows what the compiler knows; the phase is any by now.
      return { state, finished: (state.phase as Phase) === 'over' };
    },
    conclude: (state) => conclude(state as WorksState),
  };
}

function begin(nowMs: number, deep: boolean): WorksState {
  return {
    ...{ phase: 'records', lanes: beginLanes(), after: null, pageSize: MAX_PAGE, deep },
    files: { checked: 0, missing: 0 },
    holds: { open: 0, stale: 0 },
    tally: emptyTally(nowMs),
  };
}

function conclude({ lanes, tally, files, holds }: WorksState): Section {
  const findings = concludeFindings(foundIn(lanes, tally.found), WORK_FINDINGS);
  return { name: 'works', status: statusOf(findings), figures: { ...figuresOf(tally), files, holds }, findings };
}

const STEPS: Readonly<Record<Exclude<Phase, 'over'>, (step: Step) => Promise<void>>> = {
  records: walkRecords,
  async owners({ reads, state }) {
    const next = await checkOwners(reads, state.tally, state.after);
    goOn(state, next, 'holds');
  },
  async holds({ reads, state }) {
    const next = await checkHolds(reads, state, state.after);
    goOn(state, next, 'files');
  },
  async files(step) {
    const { state } = step;
    if (!state.deep) await checkFiles(step, state.tally.sample, state.tally.found);
    goOn(state, undefined, 'over');
  },
};

// A page of each lane at once. They are counted in the order of the lanes, so that it makes no difference which came first.
async function walkRecords(step: Step): Promise<void> {
  const { deps, reads, state } = step;
  const open = state.lanes.filter(({ isOver }) => !isOver);
  const limit = state.pageSize;
  const ask = async (lane: Lane) => {
    const page = await reads.page(collections.works, { ...placeOf(lane), limit, fields: WORK_FIELDS });
    return { lane, page, readAtMs: deps.clock.now() };
  };
  for (const { lane, page, readAtMs } of await Promise.all(open.map(ask))) {
    const works = page.items.filter(({ _id }) => !isCanary(_id));
    if (state.deep) await checkFiles(step, works.flatMap(fileOf), lane.found);
    for (const work of works) countWork(state.tally, work, { readAtMs, found: lane.found });
    // A short page with a next was refused in full: asking for so many again would be refused again.
    if (page.next) state.pageSize = Math.max(1, Math.min(state.pageSize, page.items.length));
    lane.after = page.next?.id ?? lane.after;
    lane.isOver = page.next === undefined;
  }
  if (state.lanes.every(({ isOver }) => isOver)) goOn(state, undefined, 'owners');
}

function goOn(state: WorksState, next: string | undefined, otherwise: Phase): void {
  state.after = next ?? null;
  if (next === undefined) state.phase = otherwise;
}

function fileOf(work: Document): readonly { id: string; fileId: string }[] {
  const fileId = fileIdOf(work);
  return fileId === undefined ? [] : [{ id: work._id, fileId }];
}

async function checkFiles(
  step: Step,
  files: readonly { readonly id: string; readonly fileId: string }[],
  found: FoundSoFar,
): Promise<void> {
  const { deps, retrier, deadline, state } = step;
  const missing = await missingFiles({ blobs: deps.blobs, retrier, deadline }, files);
  state.files.checked += files.length;
  state.files.missing += missing.length;
  // Sampled files come in the order of their ranks, and are reported in that of their ids.
  addFinding(found, 'file-missing', [...missing].sort());
}
