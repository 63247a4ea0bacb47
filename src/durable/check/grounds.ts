import { DurableError, type Deadline, type Log } from '../../core/index.ts';
import { collections } from '../../records/index.ts';
import type { Document, Store } from '../../store/index.ts';
import { composeLetter, createAuthenticator, type Letter } from '../letter.ts';
import { retried, type Retrier } from '../retrier.ts';
import { keepLetter, type LowerTier } from '../tiers.ts';
import { createDurableWriter, type DurableWriterDeps } from '../writer.ts';
import { BEFORE_CANARIES, composeCanary, isCanary } from './canary.ts';
import type { LetterReader } from './letter-reader.ts';
import type { Ground } from './probe.ts';

export type CheckedTier = 'works' | 'emergency_backup' | 'storage' | 'log';

/** What the grounds stand on, for one canary. */
export interface Soil extends DurableWriterDeps {
  readonly retrier: Retrier;
  readonly reader: LetterReader;
  readonly deadLetters: string;
  readonly token: string;
  readonly deadline: Deadline;
}

/** The tier as a ground, or undefined where the deployment has none. */
export function groundOf(soil: Soil, tier: CheckedTier): Ground | undefined {
  if (tier === 'works') return worksGround(soil);
  if (tier === 'emergency_backup') return lettersGround(soil);
  if (tier === 'storage') return soil.blobs && storageGround(soil, soil.blobs);
  return soil.seal && logGround(soil);
}

function worksGround(soil: Soil): Ground {
  const canary = composeCanary('works', soil.token, soil.clock.now());
  const writer = createDurableWriter(soil);
  return {
    ...collectionGround(soil, collections.works, canary._id),
    async write() {
      await writer.store({ collection: collections.works, record: canary, deadline: soil.deadline });
    },
  };
}

function lettersGround(soil: Soil): Ground {
  const letter = canaryLetter(soil, 'emergency_backup');
  return {
    ...collectionGround(soil, soil.deadLetters, letter._id),
    write: () => keepIn(soil, letter, 'emergency_backup'),
  };
}

function storageGround(soil: Soil, blobs: NonNullable<Soil['blobs']>): Ground {
  const letter = canaryLetter(soil, 'storage');
  const steps = onFile(soil, blobs, soil.reader.fileOf(letter._id));
  return {
    sweep: () => steps((fileId, call) => blobs.remove([fileId], call)),
    write: () => keepIn(soil, letter, 'storage'),
    read: () =>
      steps(async (fileId, call) => {
        const bytes = await blobs.get(fileId, call);
        return bytes && tokenOf(soil.reader.decode(bytes));
      }),
    remove: () => steps((fileId, call) => blobs.remove([fileId], call)),
  };
}

// What this process can prove is that the line was written and opens under the key; not that the log service keeps it.
function logGround(soil: Soil): Ground {
  const letter = canaryLetter(soil, 'log');
  const nothing = async (): Promise<void> => undefined;
  let sealed = '';
  const log: Log = {
    write(level, event, fields = {}) {
      soil.log.write(level, event, fields);
      if (event === 'canary.sealed') sealed = String(fields['sealed']);
    },
  };
  return {
    sweep: nothing,
    write: () => keepIn({ ...soil, log }, letter, 'log'),
    read: async () => tokenOf(soil.reader.decode(new TextEncoder().encode(sealed))),
    remove: nothing,
  };
}

// Closed from the start, so that no redrive ever picks it up, and for a collection that nobody agreed on.
function canaryLetter({ hash, seal, clock, token }: Soil, tier: CheckedTier): Letter {
  const record = composeCanary(tier, token, clock.now());
  const request = { collection: 'canary', record, attempt: 1, failures: [], atMs: clock.now() };
  const letter = { ...composeLetter(createAuthenticator(hash, seal), request), state: 'superseded' as const };
  return Object.assign(letter, { canary: true });
}

/** Keeps the letter in one tier alone: those above it are left out, those below it taken away. */
async function keepIn(soil: Soil, letter: Letter, tier: LowerTier): Promise<void> {
  let failure: DurableError | undefined;
  const retrier: Retrier = {
    async attempt(budget, run) {
      if (tier !== 'emergency_backup' && budget.key === soil.deadLetters) return leftOut();
      const tried = await soil.retrier.attempt(budget, run);
      if (!tried.ok) failure = tried.error;
      return tried;
    },
  };
  const blobs = tier === 'storage' ? soil.blobs : undefined;
  const seal = tier === 'emergency_backup' ? undefined : soil.seal;
  const log = renamed(soil.log);
  const kept = await keepLetter({ ...soil, retrier, blobs, seal, log }, letter, soil.deadline);
  if (kept !== tier) throw failure ?? new DurableError('STORE_REJECTED', 'no tier took the canary');
}

function leftOut() {
  const error = new DurableError('STORE_REJECTED', 'this tier is not the one in question');
  return { ok: false, error, attempts: [], ambiguous: false } as const;
}

/** Logs a sealed canary under another name, so that nobody reads it back as a letter and no alarm rings. */
function renamed(log: Log): Log {
  return {
    write: (level, event, fields) =>
      event === 'write.sealed' ? log.write('info', 'canary.sealed', fields) : log.write(level, event, fields),
  };
}

/** Sweep, read and removal in a collection. */
function collectionGround(soil: Soil, collection: string, id: string): Pick<Ground, 'sweep' | 'read' | 'remove'> {
  const { store } = soil;
  const removeOne = (leftId: string): Promise<unknown> =>
    ask(soil, collection, (call) => store.remove(collection, { id: leftId, where: { canary: true } }, call));
  return {
    async sweep() {
      const request = { after: BEFORE_CANARIES, limit: 20, fields: ['_id'] };
      const page = await ask(soil, collection, (call) => store.page(collection, request, call));
      for (const left of page.items) if (isCanary(left._id)) await removeOne(left._id);
    },
    async read() {
      const found = await ask(soil, collection, (call) => store.get(collection, id, call));
      return found && tokenOf(found);
    },
    remove: async () => void (await removeOne(id)),
  };
}

type Call = Parameters<Store['get']>[2];

function onFile(soil: Soil, blobs: NonNullable<Soil['blobs']>, name: string) {
  return <T>(step: (fileId: string, call: Call) => Promise<T>): Promise<T> =>
    ask(soil, 'storage', async (call) => step(await blobs.fileId(name, call), call));
}

const ask = <T>({ retrier, deadline }: Soil, key: string, run: (call: Call) => Promise<T>): Promise<T> =>
  retried(retrier, { key, deadline }, run);

// A letter carries the canary as its payload.
function tokenOf(found: Document | Letter): string {
  const { token, payload } = found as { token?: unknown; payload?: { token?: unknown } };
  return String(token ?? payload?.token);
}
