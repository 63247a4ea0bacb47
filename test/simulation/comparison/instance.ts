/** One function instance and its way to the database, storage and the image service: where all faults happen. */
import { DurableError, type Clock } from '../../../src/core/index.ts';
import type { Blobs, Store } from '../../../src/store/index.ts';
import { createDraws, type Draws } from '../histories/draws.ts';
import type { Outages } from '../histories/outages.ts';
import { storeThrough } from '../../support/store-through.ts';
import type { Assumptions } from './assumptions.ts';

/** What one execution of a function asked for. */
export interface Execution {
  /** Names its draws. */
  readonly name: string;
  databaseRequests: number;
  storageRequests: number;
  /** Of its database requests, how many had to wait for another one's answer, and the first. */
  inSequence: number;
  /** How many of its requests did not simply work. */
  faults: number;
  readonly met: Map<string, number>;
}

/** A new execution. */
export function createExecution(name: string): Execution {
  return { name, databaseRequests: 0, storageRequests: 0, inSequence: 0, faults: 0, met: new Map() };
}

/** The world that all instances share. */
export interface Surroundings {
  readonly clock: Clock;
  readonly seed: number;
  readonly assumptions: Assumptions;
  readonly outages: Outages;
}

/**
 * Chance that belongs to a name: the same seed and name give the same draws, whatever was drawn before. So each system
 * meets the same faults at the same statement of the same call, however many statements it makes in all.
 */
export function drawsOf({ seed }: Pick<Surroundings, 'seed'>, ...name: readonly (string | number)[]): Draws {
  return createDraws(seed, ...name);
}

/** A function instance: it runs one execution at a time, and can be killed. What it has sent still arrives. */
export interface Instance {
  isDead: boolean;
  execution: Execution;
}

interface Request {
  readonly kind: 'database' | 'storage';
  readonly statement: string;
  readonly collection: string;
}

type Fate = 'works' | 'lost' | 'answer-lost' | 'zombie';

/** The database as the SDK of this instance reaches it. */
export function storeOf(world: Surroundings, instance: Instance, store: Store): Store {
  return storeThrough(store, ({ op, collection }, effect) =>
    travel(world, instance, { request: { kind: 'database', statement: op, collection }, effect }),
  );
}

/** Storage as this instance reaches it; storing a file is two requests, since it is read back. */
export function blobsOf(world: Surroundings, instance: Instance, blobs: Blobs): Blobs {
  const send = <T>(statement: string, effect: () => Promise<T>): Promise<T> =>
    travel(world, instance, { request: { kind: 'storage', statement, collection: '' }, effect });
  return {
    async put(name, bytes) {
      const fileId = await send('upload', () => blobs.put(name, bytes));
      await send('download', () => blobs.get(fileId));
      return fileId;
    },
    get: (fileId) => send('download', () => blobs.get(fileId)),
    exists: (fileIds) => send('addresses', () => blobs.exists(fileIds)),
    temporaryUrls: (fileIds) => send('addresses', () => blobs.temporaryUrls(fileIds)),
    remove: (fileIds) => send('delete', () => blobs.remove(fileIds)),
    // Known without a request after the first upload of an instance.
    fileId: (name) => blobs.fileId(name),
  };
}

const never = new Promise<never>(() => undefined);

interface Sending<T> {
  readonly request: Request;
  readonly effect: () => Promise<T>;
}

function travel<T>(world: Surroundings, instance: Instance, { request, effect }: Sending<T>): Promise<T> {
  if (instance.isDead) return never;
  const { clock, assumptions } = world;
  const { execution } = instance;
  const draws = drawsOf(world, execution.name, ...nameOf(execution, request));
  const fate = fateOf(world, draws, request);
  const { tripMedianMs, tripSigma, loss, resetMs, sdkTimeoutMs, zombieMs } = assumptions;
  const latencyMs = Math.max(1, Math.round(draws.logNormal(tripMedianMs, tripSigma)));
  const place = enter(execution, request, fate);
  return new Promise<T>((resolve, reject) => {
    let result: Promise<T> | undefined;
    const happen = (): void => {
      result = effect();
      // Nobody may be left to hear of it.
      result.catch(() => undefined);
    };
    const answer = (): void => {
      if (instance.isDead) return;
      leave(execution, request, place);
      if (fate === 'works' && result) result.then(resolve, reject);
      else reject(new DurableError('STORE_UNCERTAIN', `simulated: ${fate}`));
    };
    if (fate === 'zombie') clock.after(zombieMs, happen);
    else if (fate !== 'lost') clock.after(latencyMs / 2, happen);
    clock.after(fate === 'works' ? latencyMs : loss === 'reset' ? resetMs : sdkTimeoutMs, answer);
  });
}

function nameOf({ met }: Execution, { kind, statement, collection }: Request): readonly [what: string, number: number] {
  const what = `${kind} ${statement} ${collection}`;
  const number = (met.get(what) ?? 0) + 1;
  met.set(what, number);
  return [what, number];
}

function fateOf({ clock, assumptions, outages }: Surroundings, draws: Draws, { kind, collection }: Request): Fate {
  const share = draws.next();
  if (kind === 'database' && outages.at(clock.now(), collection)) return 'lost';
  const { requestLostShare, answerLostShare, zombieShare } = assumptions;
  if (share < requestLostShare) return 'lost';
  if (share < requestLostShare + answerLostShare) return 'answer-lost';
  return share < requestLostShare + answerLostShare + zombieShare ? 'zombie' : 'works';
}

// What is sent while another request is under way does not wait for it: only the longest chain counts as sequence.
function enter(execution: Execution, { kind }: Request, fate: Fate): number {
  if (fate !== 'works') execution.faults += 1;
  if (kind === 'storage') execution.storageRequests += 1;
  else execution.databaseRequests += 1;
  return execution.inSequence + 1;
}

function leave(execution: Execution, { kind }: Request, place: number): void {
  if (kind === 'database') execution.inSequence = Math.max(execution.inSequence, place);
}
