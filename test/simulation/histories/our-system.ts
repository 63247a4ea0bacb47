import { createDurableWriter, createLogLetters } from '../../../src/durable/index.ts';
import { isDurableError } from '../../../src/core/index.ts';
import {
  createGallery,
  createGeneration,
  createGenerationRecovery,
  pictureTasks,
} from '../../../src/generation/index.ts';
import type { GenerationCheckpoint } from '../../../src/generation/recovery.ts';
import { repairUserCounts } from '../../../src/integrity/index.ts';
import { answerEarlier, createHoldPruning } from '../../../src/once/index.ts';
import { collections } from '../../../src/records/index.ts';
import type { Booted, CallRequest, InstancePorts, System, Told } from './system.ts';

/** The credits of somebody who is registered by a first call. */
export const INITIAL_CREDITS = 20;

/** The library as it is. */
export const ourSystem: System = { name: 'wx-durable', boot };

function boot(ports: InstancePorts): Booted {
  const writer = createDurableWriter(ports, { maxAttempts: ports.maxAttempts });
  const deps = { ...ports, writer };
  const registration = { open: true, initialCredits: INITIAL_CREDITS };
  // As in the cloud, an instance is of one function, and makes what that one needs.
  const gallery = once(() => createGallery({ ...deps, registration }));
  const generation = once(() =>
    createGeneration(deps, {
      registration,
      earlier: async () => answerEarlier,
      loadTasks: async () => pictureTasks,
    }),
  );
  const recovery = once(() => createGenerationRecovery(deps));
  const pruning = once(() => createHoldPruning(deps, { records: collections.works, accounts: collections.users }));
  return {
    call: (request, deadline) =>
      generation().generate({ openid: request.openid, deadline }, inputOf(request)).then(toldFinal, toldError),
    remove: (openid, key, deadline) =>
      gallery()
        .deleteWork({ openid, deadline }, key)
        .then(() => true, isUndone),
    recover: async (deadline, from) => {
      const report = await recovery().recover({ deadline, from: from as GenerationCheckpoint | undefined });
      return report.checkpoint;
    },
    repair: async (deadline) => void (await repairUserCounts(ports, { deadline }).catch(isUndone)),
    prune: async (deadline) => void (await pruning().prune({ deadline }).catch(isUndone)),
    readLog: (lines, deadline) => readLog(ports, lines, { deadline }),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => (made ??= { it: make() }).it;
}

function inputOf({ wish, requestId, retryUnknown }: CallRequest) {
  return { prompt: wish, character: '', style: 'cartoon', emotion: '', mode: 'single', requestId, retryUnknown };
}

type Generated = Awaited<ReturnType<ReturnType<typeof createGeneration>['generate']>>;

function toldFinal({ work, savedIn, replayed }: Generated): Told {
  const { status, imageUrl } = work;
  return { kind: 'final', status: status as 'completed' | 'failed', imageUrl, savedIn, replayed };
}

// Anything else than an error of ours is a defect of the library, and ends the simulation.
function toldError(error: unknown): Told {
  if (isDurableError(error) && error.code !== 'INTERNAL') return { kind: 'error', code: error.code };
  throw error;
}

function isUndone(error: unknown): false {
  toldError(error);
  return false;
}

async function readLog(
  { store, hash, seal }: InstancePorts,
  lines: readonly string[],
  call: { readonly deadline: Parameters<NonNullable<Booted['repair']>>[0] },
): Promise<void> {
  if (!seal) return;
  const letters = createLogLetters({ store, hash, seal });
  for (const token of lines.flatMap((line) => letters.tokensIn(line))) {
    await letters.admit(letters.read(token), call).catch(isUndone);
  }
}
