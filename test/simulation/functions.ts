/** The functions of a small world: the real ones, over ports through which everything reaches them. */
import { createDeadline, isDurableError, type Clock } from '../../src/core/index.ts';
import { createDurableWriter } from '../../src/durable/index.ts';
import {
  createGeneration,
  createGenerationRecovery,
  pictureTasks,
  type Download,
  type Generated,
  type Provider,
} from '../../src/generation/index.ts';
import { repairUserCounts } from '../../src/integrity/index.ts';
import { answerEarlier, createHoldPruning } from '../../src/once/index.ts';
import { collections } from '../../src/records/index.ts';
import type { Blobs, Store } from '../../src/store/index.ts';
import { seededRandom, testHash } from '../support/ports.ts';
import type { Act } from './stories.ts';

export type ProviderMood = 'paints' | 'refuses' | 'takes-tasks';

/** After so long the platform gives up waiting for a function. */
export const TIMEOUT_MS = 60_000;
export const CREDITS = 5;
export const KIND = { records: collections.works, accounts: collections.users };
const OPENID = 'o-person';
const WISH = { prompt: '可爱的小猫', character: '', style: 'cartoon', emotion: '', mode: 'single' };

export interface FunctionPorts {
  /** Which of the functions of its story it is: its draws are its own. */
  readonly number: number;
  readonly clock: Clock;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly provider: Provider;
  readonly maxAttempts: number;
}

/** What a person was told and may rely on. */
export interface Promised {
  readonly id: string;
  readonly status: string;
  readonly imageUrl: string;
  readonly errorCode: string | null;
}

/** What a function answered: a promise, or nothing that anybody may rely on. */
export type Answer =
  | { readonly kind: 'promised'; readonly promised: Promised }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'crashed'; readonly words: string };

/** A fresh function instance, begun: nothing but what is stored goes from one to the next. */
export async function begin(act: Act, ports: FunctionPorts): Promise<Answer> {
  try {
    return act.run === 'call' ? await call(act, ports) : await maintain(act.run, ports);
  } catch (error) {
    const isExpected = isDurableError(error) && (act.run === 'call' || error.code !== 'INTERNAL');
    return isExpected ? { kind: 'nothing' } : { kind: 'crashed', words: String(error) };
  }
}

async function call(act: Act & { readonly run: 'call' }, ports: FunctionPorts): Promise<Answer> {
  const registration = { open: true, initialCredits: CREDITS };
  const generation = createGeneration(wire(ports), {
    registration,
    earlier: async () => answerEarlier,
    loadTasks: async () => pictureTasks,
  });
  const visit = { openid: OPENID, deadline: deadlineOf(ports) };
  const wish = { ...WISH, requestId: act.request, retryUnknown: act.retriesUnknown === true };
  return promiseOf(await generation.generate(visit, wish));
}

async function maintain(what: Exclude<Act['run'], 'call'>, ports: FunctionPorts): Promise<Answer> {
  const deps = wire(ports);
  const deadline = deadlineOf(ports);
  if (what === 'recover') await createGenerationRecovery(deps).recover({ deadline });
  if (what === 'prune') await createHoldPruning(deps, KIND).prune({ deadline });
  if (what === 'repair') await repairUserCounts(deps, { deadline });
  return { kind: 'nothing' };
}

function wire({ number, clock, store, blobs, provider, maxAttempts }: FunctionPorts) {
  const ports = { clock, random: seededRandom(number + 1), hash: testHash, log: SILENT };
  const writer = createDurableWriter({ ...ports, store, blobs }, { maxAttempts });
  return { ...ports, store, blobs, writer, provider, download };
}

const deadlineOf = ({ clock }: FunctionPorts) => createDeadline(clock, clock.now() + TIMEOUT_MS - 150);

// "Not saved yet" promises nothing.
function promiseOf({ savedIn, work }: Generated): Answer {
  if (savedIn === 'log') return { kind: 'nothing' };
  const { _id: id, status, imageUrl, errorCode } = work;
  return { kind: 'promised', promised: { id, status, imageUrl, errorCode } };
}

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const SILENT = { write: () => undefined };
const download: Download = () => Promise.resolve({ kind: 'bytes', bytes: PNG });
