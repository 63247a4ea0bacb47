import type { Clock, Deadline, Log, Random } from '../../core/index.ts';
import { createRetriedReads, createRetrier, isCanary, type Reads, type Retrier } from '../../durable/index.ts';
import {
  addFinding,
  collections,
  concludeFindings,
  statusOf,
  type CheckSection,
  type Section,
} from '../../records/index.ts';
import { MAX_PAGE, type Blobs, type Document, type Store } from '../../store/index.ts';
import { fileIdOf, WORK_FIELDS, WORK_FINDINGS } from './anomalies.ts';
import { missingFiles } from './files.ts';
import { checkHolds } from './holds.ts';
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
 * 1,000 records, then about three requests for every 1,000 users: a million records take some 1,300 requests.
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
    ...{ phase: 'records', after: null, pageSize: MAX_PAGE, deep },
    files: { checked: 0, missing: 0 },
    holds: { open: 0, stale: 0 },
    tally: emptyTally(nowMs),
  };
}

function conclude({ tally, files, holds }: WorksState): Section {
  const findings = concludeFindings(tally.found, WORK_FINDINGS);
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
    if (!state.deep) await checkFiles(step, state.tally.sample);
    goOn(state, undefined, 'over');
  },
};

async function walkRecords(step: Step): Promise<void> {
  const { deps, reads, state } = step;
  const request = { after: keyOf(state.after), limit: state.pageSize, fields: WORK_FIELDS };
  const page = await reads.page(collections.works, request);
  const works = page.items.filter(({ _id }) => !isCanary(_id));
  if (state.deep) await checkFiles(step, works.flatMap(fileOf));
  for (const work of works) countWork(state.tally, work, deps.clock.now());
  // A short page with a next was refused in full: asking for so many again would be refused again.
  if (page.next) state.pageSize = Math.max(1, Math.min(state.pageSize, page.items.length));
  goOn(state, page.next?.id, 'owners');
}

function goOn(state: WorksState, next: string | undefined, otherwise: Phase): void {
  state.after = next ?? null;
  if (next === undefined) state.phase = otherwise;
}

const keyOf = (after: string | null) => (after === null ? undefined : { id: after });

function fileOf(work: Document): readonly { id: string; fileId: string }[] {
  const fileId = fileIdOf(work);
  return fileId === undefined ? [] : [{ id: work._id, fileId }];
}

async function checkFiles(step: Step, files: readonly { id: string; fileId: string }[]): Promise<void> {
  const { deps, retrier, deadline, state } = step;
  const missing = await missingFiles({ blobs: deps.blobs, retrier, deadline }, files);
  state.files.checked += files.length;
  state.files.missing += missing.length;
  // Sampled files come in the order of their ranks, and are reported in that of their ids.
  addFinding(state.tally.found, 'file-missing', [...missing].sort());
}
