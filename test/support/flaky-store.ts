import { DurableError, withTimeout, type Clock, type Code } from '../../src/core/index.ts';
import type { Blobs, CallOptions, Store } from '../../src/store/index.ts';
import { storeThrough } from './store-through.ts';

/**
 * What one statement meets: nothing, an error before it takes effect, an answer that is lost after it took
 * effect, no answer at all, or a value thrown as it is.
 */
export type Mishap = 'ok' | Code | 'answer-lost' | 'hang' | { readonly throws: unknown };

/** The mishaps of the statements of one kind, in order; afterwards everything works, or the last one stays for ever. */
export type Fate = readonly Mishap[] | { readonly always: Mishap };

/** By `<statement> <collection>`, as `insert works`; files have none, as `put`. `*` is every statement without its own. */
export type Fates = Readonly<Record<string, Fate>>;

/** One statement that was begun. */
export interface Statement {
  readonly name: string;
  readonly startedAtMs: number;
  readonly call: CallOptions;
}

export interface Flakiness {
  readonly clock: Clock;
  readonly fates?: Fates;
  /** Every statement takes this long. */
  readonly latencyMs?: number;
}

/** What lies between a store and its caller; it keeps the time limits as the adapter over the SDK does. */
export interface Line {
  readonly statements: Statement[];
  /** Replaces what is planned from here on. */
  plan(fates: Fates): void;
  /** The names of the statements so far. */
  names(): readonly string[];
}

type Send = <T>(name: string, call: CallOptions | undefined, effect: () => Promise<T>) => Promise<T>;

function createLine({ clock, fates = {}, latencyMs = 0 }: Flakiness): Line & { send: Send } {
  const statements: Statement[] = [];
  let plan = fates;
  let met = new Map<string, number>();
  const next = (name: string): Mishap => {
    const key = name in plan ? name : '*';
    const fate = plan[key] ?? [];
    if ('always' in fate) return fate.always;
    const number = met.get(key) ?? 0;
    met.set(key, number + 1);
    return fate[number] ?? 'ok';
  };
  const meet = async <T>(name: string, effect: () => Promise<T>): Promise<T> => {
    const mishap = next(name);
    if (latencyMs > 0) await new Promise<void>((resolve) => clock.after(latencyMs, resolve));
    if (mishap === 'ok') return effect();
    if (mishap === 'hang') return new Promise<never>(() => undefined);
    if (mishap === 'answer-lost') await effect();
    if (typeof mishap === 'object') throw mishap.throws;
    throw new DurableError(mishap === 'answer-lost' ? 'STORE_UNCERTAIN' : mishap, `planned: ${mishap}`);
  };
  return {
    statements,
    plan(fresh) {
      plan = fresh;
      met = new Map();
    },
    names: () => statements.map(({ name }) => name),
    async send(name, call = {}, effect) {
      const limitMs = Math.min(call.timeoutMs ?? 1_500, call.deadline?.remainingMs() ?? Infinity);
      if (limitMs <= 0) throw new DurableError('DEADLINE_PASSED', 'planned: no time was left');
      statements.push({ name, startedAtMs: clock.now(), call });
      return withTimeout(
        clock,
        limitMs,
        meet(name, effect),
        () => new DurableError('STORE_UNCERTAIN', 'planned: hung'),
      );
    },
  };
}

/** A store whose statements fail as planned. */
export function createFlakyStore(store: Store, flakiness: Flakiness): Store & Line {
  const { send, ...line } = createLine(flakiness);
  const over = storeThrough(store, ({ op, collection, call }, effect) => send(`${op} ${collection}`, call, effect));
  return { ...line, ...over };
}

/** Files whose operations fail as planned. */
export function createFlakyBlobs(blobs: Blobs, flakiness: Flakiness): Blobs & Line {
  const { send, ...line } = createLine(flakiness);
  return {
    ...line,
    put: (name, bytes, call) => send('put', call, () => blobs.put(name, bytes)),
    get: (fileId, call) => send('get', call, () => blobs.get(fileId, call)),
    exists: (fileIds, call) => send('exists', call, () => blobs.exists(fileIds)),
    temporaryUrls: (fileIds, call) => send('temporaryUrls', call, () => blobs.temporaryUrls(fileIds)),
    remove: (fileIds, call) => send('remove', call, () => blobs.remove(fileIds)),
    fileId: (name, call) => send('fileId', call, () => blobs.fileId(name)),
  };
}
