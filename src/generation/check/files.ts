import type { Deadline } from '../../core/index.ts';
import { retried, type Retrier } from '../../durable/index.ts';
import type { Blobs } from '../../store/index.ts';

export interface FileDeps {
  readonly blobs: Blobs;
  readonly retrier: Retrier;
  readonly deadline: Deadline;
}

/** The platform's limit for one question about files. */
const BATCH = 50;
const MAX_IN_FLIGHT = 16;
const ATTEMPT_TIMEOUT_MS = 10_000;

/** Ids of the records whose file does not exist; 50 files a request, 16 requests at once. Rejects like `Blobs`. */
export async function missingFiles(
  deps: FileDeps,
  files: readonly { readonly id: string; readonly fileId: string }[],
): Promise<readonly string[]> {
  const present = new Set<string>();
  const batches = Array.from({ length: Math.ceil(files.length / BATCH) }, (_, index) =>
    files.slice(index * BATCH, (index + 1) * BATCH).map(({ fileId }) => fileId),
  );
  // All lanes take from one list, so that none waits for a slow one.
  const lane = async (): Promise<void> => {
    for (let batch = batches.pop(); batch; batch = batches.pop()) {
      for (const fileId of await existing(deps, batch)) present.add(fileId);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_IN_FLIGHT, batches.length) }, lane));
  return files.filter(({ fileId }) => !present.has(fileId)).map(({ id }) => id);
}

async function existing({ blobs, retrier, deadline }: FileDeps, fileIds: readonly string[]) {
  const budget = { key: 'files', deadline, attemptTimeoutMs: ATTEMPT_TIMEOUT_MS };
  return retried(retrier, budget, (call) => blobs.exists(fileIds, call));
}
