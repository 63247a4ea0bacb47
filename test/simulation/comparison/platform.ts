/** The platform: warm instances, time limits, kills, a log that loses lines, and the image service behind it. */
import type { Random } from '../../../src/core/index.ts';
import type { Blobs } from '../../../src/store/index.ts';
import type { MemoryStore } from '../../../src/store/memory/index.ts';
import { testHash } from '../../support/ports.ts';
import { blobsOf, createExecution, storeOf, type Instance, type Surroundings } from './instance.ts';
import type { Ask, Painted, Reach, System, Told } from './system.ts';
import type { Asked, Payment } from './tally.ts';

/** One time that a person asks. */
export interface Asking {
  readonly ask: Ask;
  readonly request: number;
  readonly again: number;
  /** Chance kills the function then. */
  readonly killAfterMs?: number | undefined;
}

export interface PlatformParts {
  readonly surroundings: Surroundings;
  readonly random: Random;
  readonly bare: MemoryStore;
  readonly blobs: Blobs;
  /** Every payment is written down here, and how many there were for each request. */
  readonly payments: Payment[];
  readonly paidFor: Map<number, number>;
  readonly logLines: string[];
}

export interface Platform {
  /** Runs the system's function, in a warm instance where one is idle. */
  run(asking: Asking): Promise<Asked>;
  /** A fresh instance for maintenance. */
  boot(name: string): Reach;
}

interface Visit {
  readonly asking: Asking;
  /** Under which key it paid. */
  key?: string;
}

interface Running extends Instance {
  visit: Visit | undefined;
}

/** The platform under one system. */
export function createPlatform(system: System, parts: PlatformParts): Platform {
  const idle: { readonly instance: Running; readonly answer: (ask: Ask) => Promise<Told> }[] = [];
  const fresh = () => {
    const instance = createInstance('');
    return { instance, answer: system.boot(reachOf(parts, instance)) };
  };
  return {
    boot: (name) => reachOf(parts, createInstance(name)),
    async run(asking) {
      const worker = idle.pop() ?? fresh();
      const { instance } = worker;
      const asked = await answered(parts, { asking, ...worker });
      if (!instance.isDead) idle.push(worker);
      return asked;
    },
  };
}

const createInstance = (name: string): Running => ({
  isDead: false,
  execution: createExecution(name),
  visit: undefined,
});

interface Work {
  readonly asking: Asking;
  readonly instance: Running;
  readonly answer: (ask: Ask) => Promise<Told>;
}

async function answered({ surroundings }: PlatformParts, { asking, instance, answer }: Work): Promise<Asked> {
  const { clock, assumptions, outages } = surroundings;
  const { ask, request, again, killAfterMs = Infinity } = asking;
  const startedAtMs = clock.now();
  const execution = createExecution(`call ${request} ${again}`);
  const visit: Visit = { asking };
  Object.assign(instance, { execution, visit });
  const isChance = killAfterMs < assumptions.functionTimeoutMs;
  let cancel = (): void => undefined;
  const killed = new Promise<Told>((resolve) => {
    cancel = clock.after(Math.min(killAfterMs, assumptions.functionTimeoutMs), () => {
      instance.isDead = true;
      resolve({ kind: 'nothing' });
    });
  });
  const told = await Promise.race([answer(ask), killed]);
  cancel();
  const endedAtMs = clock.now();
  return {
    ...{ request, again, told, execution, key: visit.key, tookMs: Math.round(endedAtMs - startedAtMs) },
    killedBy: told.kind !== 'nothing' ? undefined : isChance ? 'chance' : 'time limit',
    inOutage: outages.touches(startedAtMs, endedAtMs),
  };
}

function reachOf(parts: PlatformParts, instance: Running): Reach {
  const { surroundings, random, bare, blobs } = parts;
  const { clock, assumptions } = surroundings;
  return {
    ...{ clock, random, hash: testHash, functionTimeoutMs: assumptions.functionTimeoutMs },
    store: storeOf(surroundings, instance, bare),
    blobs: blobsOf(surroundings, instance, blobs),
    log: { write: (_level, event, fields) => log(parts, instance, { event, sealed: fields?.['sealed'] }) },
    paint: (key) => paint(parts, instance, key),
  };
}

// Only what can be read back matters.
function log(
  { surroundings, logLines }: PlatformParts,
  { isDead, execution }: Instance,
  line: { readonly event: string; readonly sealed: unknown },
): void {
  if (isDead || line.sealed === undefined) return;
  const { chance, assumptions } = surroundings;
  const isLost = chance.share(execution.name, 'log') < assumptions.logLossShare;
  if (!isLost) logLines.push(JSON.stringify(line));
}

// Paid from the moment the order arrives, whoever hears of the picture.
function paint({ surroundings, payments, paidFor }: PlatformParts, instance: Running, key: string): Promise<Painted> {
  const { clock, chance, assumptions } = surroundings;
  const { visit } = instance;
  if (instance.isDead || !visit) return new Promise<never>(() => undefined);
  const { request, ask } = visit.asking;
  const number = (paidFor.get(request) ?? 0) + 1;
  paidFor.set(request, number);
  const name = ['payment', request, number];
  const made = chance.share(...name, 'made') >= assumptions.providerErrorShare;
  const url = `https://pictures.test/${payments.length}.png`;
  visit.key = key;
  payments.push({ key, request, userId: ask.userId, made, url });
  const tookMs = chance.durationMs(assumptions.providerMedianMs, assumptions.providerSigma, ...name, 'took');
  return new Promise((resolve) => {
    clock.after(tookMs, () => {
      if (!instance.isDead) resolve({ made, url });
    });
  });
}
