import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/index.ts';
import { findFunction, type FunctionDefinition } from './definition.ts';
import { callerEnvironment, functionContext, type Caller } from './environment.ts';
import { CloudError } from '../cloud-error.ts';
import type { Outcome } from './instance.ts';
import { createInvocations, type Invocation } from './invocations.ts';
import { createGate, type Limits } from './limits.ts';
import { createPool, type InstanceEnvironment, type InstancePool, type PooledInstance } from './pool.ts';
import { createQueue } from './queue.ts';

/** One piece of what a function printed. */
export interface ConsoleOutput {
  readonly function: string;
  readonly requestId: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** One event for a function. */
export interface FunctionCall {
  readonly name: string;
  /** The event as JSON text. */
  readonly event: string;
  readonly caller: Caller;
  /** A call by another function, which must not wait for a place that the other one holds. */
  readonly isNested: boolean;
}

/** How a call ended. */
export interface FunctionAnswer {
  readonly requestId: string;
  readonly outcome: Outcome | Refused;
  readonly timeoutSeconds: number;
}

/** What the platform says in the place of a function. */
type Refused =
  | { readonly kind: 'missing' }
  | { readonly kind: 'throttled'; readonly code: string; readonly message: string }
  | { readonly kind: 'response-too-large' };

/** The cloud functions. */
export interface Functions {
  call(call: FunctionCall): Promise<FunctionAnswer>;
  /** The invocation that a request's token stands for. */
  byToken(token: string): Invocation | undefined;
  /** The invocation that an instance is serving. */
  byWorker(workerId: string): Invocation | undefined;
  close(): Promise<void>;
}

interface FunctionsOptions {
  readonly dir: string | undefined;
  readonly clock: Clock;
  readonly env: InstanceEnvironment;
  readonly limits: Limits;
  readonly onConsole: (output: ConsoleOutput) => void;
}

/** A cold start takes a processor for a while; more at once than this would only make all of them slow. */
const MAX_CONCURRENT = 16;

/** Loading the code has its own allowance, as on the platform; the function's timeout counts from `main`. */
const MAX_LOAD_MS = 60_000;

/** The functions below `dir`, found anew at every call. */
export function createFunctions(options: FunctionsOptions): Functions {
  const { dir, limits } = options;
  const pool = createPool({ ...options, hasMemoryLimit: limits.memory });
  const invocations = createInvocations();
  const queue = createQueue(MAX_CONCURRENT);
  const gate = createGate(limits.concurrentCalls);
  const run = async (call: FunctionCall): Promise<FunctionAnswer> => {
    const requestId = randomUUID();
    // Not before its turn: by then the code may have been built anew.
    const definition = findFunction(dir, call.name);
    if (definition === undefined) return { requestId, outcome: { kind: 'missing' }, timeoutSeconds: 0 };
    const excess = variablesExcess(definition, limits);
    if (excess !== undefined) return { requestId, outcome: { kind: 'failed', message: excess }, timeoutSeconds: 0 };
    const outcome = await invoke({ ...options, pool, invocations }, { call, definition, requestId });
    const isTooLarge = outcome.kind === 'done' && Buffer.byteLength(outcome.result) > limits.responseBytes;
    const { timeoutSeconds } = definition;
    return { requestId, timeoutSeconds, outcome: isTooLarge ? { kind: 'response-too-large' } : outcome };
  };
  return {
    byToken: (token) => invocations.byToken(token),
    byWorker: (workerId) => invocations.byWorker(workerId),
    close: () => pool.stopAll(),
    async call(call) {
      const entry = tryEnter(() => gate.enter(call.name));
      if (typeof entry !== 'function') return { requestId: randomUUID(), outcome: entry, timeoutSeconds: 0 };
      try {
        return call.isNested ? await run(call) : await queue.run(() => run(call));
      } finally {
        entry();
      }
    },
  };
}

/** What is wrong with the variables that the settings declare: the platform would refuse the deployment. */
function variablesExcess({ variables }: FunctionDefinition, { variablesBytes }: Limits): string | undefined {
  const sizeBytes = Object.entries(variables).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
  if (sizeBytes <= variablesBytes) return undefined;
  return `its environment variables have ${sizeBytes} bytes, the limit is ${variablesBytes}`;
}

function tryEnter(enter: () => () => void): (() => void) | Refused {
  try {
    return enter();
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    return { kind: 'throttled', code: error.code, message: error.message };
  }
}

interface Machinery extends FunctionsOptions {
  readonly pool: InstancePool;
  readonly invocations: ReturnType<typeof createInvocations>;
}

interface Job {
  readonly call: FunctionCall;
  readonly definition: FunctionDefinition;
  readonly requestId: string;
}

async function invoke(machinery: Machinery, job: Job): Promise<Outcome> {
  const { pool, invocations } = machinery;
  const { call, definition, requestId } = job;
  const instance = pool.take(definition);
  const invocation = invocations.begin({
    function: call.name,
    requestId,
    caller: call.caller,
    workerId: instance.workerId,
    kill: () => void instance.stop({ kind: 'killed' }),
  });
  try {
    return await callInstance({ ...machinery, instance, token: invocation.token }, job);
  } finally {
    invocations.end(invocation);
    pool.release(definition, instance);
  }
}

interface Seat extends Machinery {
  readonly instance: PooledInstance;
  readonly token: string;
}

/** Calls an instance under the time limits: first that of loading, from the start of `main` the function's own. */
async function callInstance(seat: Seat, { call, definition, requestId }: Job): Promise<Outcome> {
  const { instance, clock, onConsole, token, limits } = seat;
  const print = (stream: 'stdout' | 'stderr', text: string) =>
    onConsole({ function: call.name, requestId, stream, text });
  const expire = () => void instance.stop({ kind: 'timed-out' });
  let cancel = clock.after(MAX_LOAD_MS, expire);
  const outcome = await instance.call({
    event: call.event,
    context: functionContext({ ...definition, requestId }),
    env: callerEnvironment(call.caller, token),
    onStart() {
      cancel();
      if (limits.timeout) cancel = clock.after(definition.timeoutSeconds * 1000, expire);
    },
    onOutput: print,
  });
  cancel();
  const hint = hintFor(outcome, definition);
  if (hint !== undefined) print('stderr', `${hint}\n`);
  return outcome;
}

/** What its developer can do; the caller is told what the platform tells, and no more. */
function hintFor({ kind }: Outcome, { timeoutSeconds, memoryMb }: FunctionDefinition): string | undefined {
  if (kind === 'timed-out') {
    return `ended at its time limit of ${timeoutSeconds} s; "timeout" in its config.json sets another`;
  }
  if (kind === 'out-of-memory') {
    return `ended at its memory limit of ${memoryMb} MB; "memorySize" in its config.json sets another`;
  }
  return undefined;
}
