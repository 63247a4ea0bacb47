import { DurableError, type Clock } from '../../core/index.ts';
import type { Disk } from './disk.ts';
import { catchUp, discardDraft, writeDraft, type Draft, type LogState } from './draft.ts';
import type { Capture } from './entry.ts';

/** How an attempt to rewrite the log ended. */
export type Rewritten =
  | { readonly status: 'done'; readonly bytesBefore: number; readonly bytesAfter: number }
  | { readonly status: 'failed'; readonly cause: unknown };

/** Keeps a log short: writes what stands into a new one beside it, which then takes its place. */
export interface Rewriting {
  /** To be called after each append: begins when the log is long. */
  check(): void;
  /**
   * To be called by each flush before it flushes: puts a finished draft in the log's place, and answers whether it did.
   * While it runs nothing is acknowledged, and what was is on the medium in both files.
   */
  exchange(): Promise<boolean>;
  /** Gives up what has begun; settles when nothing of it is left. */
  stop(): Promise<void>;
}

interface RewritingParts {
  readonly disk: Disk;
  readonly path: string;
  readonly clock: Clock;
  readonly log: LogState;
  readonly capture: () => Capture;
  readonly compactAboveBytes: number;
  /** Settles after a flush. */
  readonly flush: () => Promise<void>;
  readonly onRewritten: (outcome: Rewritten) => void;
}

/** Where a draft of the log at `path` stands until it is finished; without meaning after a restart. */
export const draftPathOf = (path: string): string => `${path}.next`;

export function createRewriting(parts: RewritingParts): Rewriting {
  const { log, disk, path } = parts;
  let { compactAboveBytes } = parts;
  let running: Promise<void> | undefined;
  let ready: { readonly draft: Draft; readonly settle: (outcome: Rewritten) => void } | undefined;
  let isWanted = true;

  const attempt = async (): Promise<Rewritten> => {
    // The change that was just appended is not visible yet, and the snapshot must have it.
    await new Promise((resolve) => setImmediate(resolve));
    const assertWanted = (): void => {
      if (!isWanted) throw new DurableError('INTERNAL', 'the local cloud has been closed');
    };
    const draft = await writeDraft({ ...parts, path: draftPathOf(path), atMs: parts.clock.now(), assertWanted });
    return new Promise((settle, fail) => {
      ready = { draft, settle };
      parts.flush().catch(fail);
    });
  };
  const run = async (): Promise<void> => {
    const outcome = await attempt().catch((cause: unknown): Rewritten => ({ status: 'failed', cause }));
    // The flush failed before it came to the draft.
    if (ready) discardDraft(disk, draftPathOf(path), ready.draft.file);
    ready = undefined;
    running = undefined;
    // Not at once again: what is in the way may stay a while.
    if (outcome.status === 'failed') compactAboveBytes = 2 * log.bytes;
    if (isWanted) parts.onRewritten(outcome);
  };
  return {
    check() {
      if (isWanted && log.bytes > Math.max(compactAboveBytes, 2 * log.snapshotBytes)) running ??= run();
    },
    async exchange() {
      if (!ready) return false;
      const { draft, settle } = ready;
      ready = undefined;
      const outcome = await takePlace(parts, draft);
      settle(outcome);
      return outcome.status === 'done';
    },
    async stop() {
      isWanted = false;
      await running;
    },
  };
}

/** Rejects only when there is no file left to append to. */
async function takePlace({ disk, path, log }: RewritingParts, draft: Draft): Promise<Rewritten> {
  const bytesBefore = log.bytes;
  try {
    catchUp(disk, log, draft);
    // What was acknowledged must be on the medium under the new name too, before there is no other.
    await disk.sync(draft.file);
    // From here to the end nothing can be appended.
    catchUp(disk, log, draft);
  } catch (cause) {
    discardDraft(disk, draftPathOf(path), draft.file);
    return { status: 'failed', cause };
  }
  // Windows replaces no file that is open.
  disk.close(log.file);
  try {
    disk.rename(draftPathOf(path), path);
  } catch (cause) {
    log.file = disk.open(path);
    discardDraft(disk, draftPathOf(path), draft.file);
    return { status: 'failed', cause };
  }
  const { file, bytes, snapshotBytes } = draft;
  Object.assign(log, { file, bytes, snapshotBytes });
  return { status: 'done', bytesBefore, bytesAfter: bytes };
}
