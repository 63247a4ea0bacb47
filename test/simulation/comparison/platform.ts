/** The platform: warm instances, time limits, kills, a log that loses lines, and the image service behind it. */
import { createDeadline, type LogFields, type Random, type Seal } from '../../../src/core/index.ts';
import type { Provider, ProviderResult } from '../../../src/generation/index.ts';
import type { Blobs } from '../../../src/store/index.ts';
import type { MemoryStore } from '../../../src/store/memory/index.ts';
import { testHash } from '../../support/ports.ts';
import type { Booted, CallRequest, InstancePorts } from '../histories/system.ts';
import type { Said } from '../histories/truth.ts';
import type { Contender } from './contender.ts';
import { blobsOf, createExecution, drawsOf, storeOf, type Instance, type Surroundings } from './instance.ts';
import type { Asked, Payment } from './tally.ts';

/** The answer must still travel before the platform kills the function. */
const ANSWER_MS = 150;

/** One time that a person asks. */
export interface Asking {
  readonly ask: CallRequest;
  readonly request: number;
  readonly again: number;
  /** Chance kills the function then. */
  readonly killAfterMs?: number | undefined;
}

export interface PlatformParts {
  readonly surroundings: Surroundings;
  readonly random: Random;
  readonly seal: Seal;
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
  /** A fresh instance for maintenance; a kind one reaches the database without faults. */
  boot(name: string, isKind?: boolean): Booted;
}

interface Visit {
  readonly asking: Asking;
  /** Under which key it paid. */
  key?: string;
}

interface Running extends Instance {
  visit: Visit | undefined;
}

interface Worker {
  readonly instance: Running;
  readonly booted: Booted;
}

/** The platform under one system. */
export function createPlatform(system: Contender, parts: PlatformParts): Platform {
  const idle: Worker[] = [];
  const fresh = (name: string, isKind: boolean): Worker => {
    const instance: Running = { isDead: false, execution: createExecution(name), visit: undefined };
    const ports = portsOf(parts, instance);
    return { instance, booted: system.boot(isKind ? { ...ports, store: parts.bare } : ports) };
  };
  return {
    boot: (name, isKind = false) => fresh(name, isKind).booted,
    async run(asking) {
      const worker = idle.pop() ?? fresh('', false);
      const asked = await answered(parts, worker, asking);
      if (!worker.instance.isDead) idle.push(worker);
      return asked;
    },
  };
}

async function answered({ surroundings }: PlatformParts, { instance, booted }: Worker, asking: Asking): Promise<Asked> {
  const { clock, assumptions, outages } = surroundings;
  const { request, again, killAfterMs = Infinity } = asking;
  const { functionTimeoutMs } = assumptions;
  const startedAtMs = clock.now();
  const execution = createExecution(`call ${request} ${again}`);
  const visit: Visit = { asking };
  Object.assign(instance, { execution, visit });
  const deadline = createDeadline(clock, startedAtMs + functionTimeoutMs - ANSWER_MS);
  let cancel = (): void => undefined;
  const killed = new Promise<Said>((resolve) => {
    cancel = clock.after(Math.min(killAfterMs, functionTimeoutMs), () => {
      instance.isDead = true;
      resolve({ kind: 'nothing', why: killAfterMs < functionTimeoutMs ? 'killed' : 'overdue' });
    });
  });
  const said = await Promise.race([booted.call(asking.ask, deadline), killed]);
  cancel();
  const endedAtMs = clock.now();
  return {
    ...{ ...asking.ask, request, again, said, execution, key: visit.key },
    ...{ atMs: endedAtMs, tookMs: Math.round(endedAtMs - startedAtMs) },
    inOutage: outages.windows.some(({ fromMs, toMs }) => fromMs < endedAtMs && startedAtMs < toMs),
  };
}

function portsOf(parts: PlatformParts, instance: Running): InstancePorts {
  const { surroundings, random, seal, bare, blobs } = parts;
  return {
    ...{ clock: surroundings.clock, random, seal, hash: testHash, maxAttempts: 3 },
    store: storeOf(surroundings, instance, bare),
    blobs: blobsOf(surroundings, instance, blobs),
    log: { write: (_level, event, fields) => log(parts, instance, { event, ...fields }) },
    provider: providerOf(parts, instance),
    // Pictures are not copied, since no other system does: an address that may not be fetched is kept as it is.
    download: async () => ({ kind: 'refused', why: 'simulated' }),
  };
}

// Only what can be read back matters.
function log(
  { surroundings, logLines }: PlatformParts,
  { isDead, execution }: Instance,
  line: LogFields & { readonly event: string },
): void {
  if (isDead || line['sealed'] === undefined) return;
  const isLost = drawsOf(surroundings, execution.name, 'log').chance(surroundings.assumptions.logLossShare);
  if (!isLost) logLines.push(JSON.stringify(line));
}

// Paid from the moment the order arrives, whoever hears of the picture.
function providerOf({ surroundings, payments, paidFor }: PlatformParts, instance: Running): Provider {
  const { clock, assumptions } = surroundings;
  return {
    name: 'simulated',
    submit({ reference }) {
      const { visit } = instance;
      if (instance.isDead || !visit) return new Promise<never>(() => undefined);
      const { request, ask } = visit.asking;
      const number = (paidFor.get(request) ?? 0) + 1;
      paidFor.set(request, number);
      const draws = drawsOf(surroundings, 'payment', request, number);
      const made = !draws.chance(assumptions.providerErrorShare);
      const url = `https://pictures.test/${payments.length}.png`;
      const end = reference.lastIndexOf('_');
      const [key, attempt] = [reference.slice(0, end), Number(reference.slice(end + 1))];
      visit.key = key;
      payments.push({ key, attempt, request, userId: ask.openid, atMs: clock.now(), made, url });
      const tookMs = Math.round(draws.logNormal(assumptions.providerMedianMs, assumptions.providerSigma));
      const result: ProviderResult = made
        ? { status: 'completed', picture: { url } }
        : { status: 'failed', message: '图片服务没有生成图片' };
      return new Promise((resolve) => clock.after(tookMs, () => instance.isDead || resolve(result)));
    },
  };
}
