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
import { MAX_PAGE, type Blobs, type Document, type Page, type Store } from '../../store/index.ts';
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

/** Rounds of pages in one step: so much is repeated at most when an instance is killed. */
const ROUNDS = 8;
/** With less time than this nothing is read ahead: it might not be answered. */
const READ_AHEAD_MS = 2_000;

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

// Rounds of a page of each lane; the next is read while one is counted. What could not be read ahead, the next step asks
// for again, and meets the error itself: nothing that was counted is lost by it.
async function walkRecords(step: Step): Promise<void> {
  const { state, deadline } = step;
  let round: readonly LanePage[] | undefined = await readRound(step);
  for (let number = 1; round; number += 1) {
    moveOn(state, round);
    const hasNext = number < ROUNDS && state.lanes.some(isOpen) && deadline.remainingMs() > READ_AHEAD_MS;
    const ahead: Promise<readonly LanePage[] | undefined> | undefined = hasNext
      ? readRound(step).catch(() => undefined)
      : undefined;
    await countRound(step, round);
    round = await ahead;
  }
  if (!state.lanes.some(isOpen)) goOn(state, undefined, 'owners');
}

/** A page, and whose it is. */
interface LanePage {
  readonly lane: Lane;
  readonly page: Page;
  readonly readAtMs: number;
}

const isOpen = ({ isOver }: Lane): boolean => !isOver;

function readRound({ deps, reads, state }: Step): Promise<readonly LanePage[]> {
  const limit = state.pageSize;
  const ask = async (lane: Lane): Promise<LanePage> => {
    const page = await reads.page(collections.works, { ...placeOf(lane), limit, fields: WORK_FIELDS });
    return { lane, page, readAtMs: deps.clock.now() };
  };
  return Promise.all(state.lanes.filter(isOpen).map(ask));
}

function moveOn(state: WorksState, round: readonly LanePage[]): void {
  for (const { lane, page } of round) {
    // A short page with a next was refused in full: asking for so many again would be refused again.
    if (page.next) state.pageSize = Math.max(1, Math.min(state.pageSize, page.items.length));
    lane.after = page.next?.id ?? lane.after;
    lane.isOver = page.next === undefined;
  }
}

// In the order of the lanes, so that it makes no difference which page came first.
async function countRound(step: Step, round: readonly LanePage[]): Promise<void> {
  const { state } = step;
  for (const { lane, page, readAtMs } of round) {
    const works = page.items.filter(({ _id }) => !isCanary(_id));
    if (state.deep) await checkFiles(step, works.flatMap(fileOf), lane.found);
    for (const work of works) countWork(state.tally, work, { readAtMs, found: lane.found });
  }
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
