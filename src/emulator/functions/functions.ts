import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/index.ts';
import { findFunction, type FunctionDefinition } from './definition.ts';
import { callerEnvironment, functionContext, type Caller } from './environment.ts';
import type { Outcome } from './instance.ts';
import { createInvocations, type Invocation } from './invocations.ts';
import { createPool, type InstancePool, type PooledInstance } from './pool.ts';
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
  readonly outcome: Outcome | { readonly kind: 'missing' };
  readonly timeoutSeconds: number;
}

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
  readonly env: (workerId: string) => Readonly<Record<string, string>>;
  readonly onConsole: (output: ConsoleOutput) => void;
}

/** A cold start takes a processor for a while; more at once than this would only make all of them slow. */
const MAX_CONCURRENT = 16;

/** Loading the code has its own allowance, as on the platform; the function's timeout counts from `main`. */
const MAX_LOAD_MS = 60_000;

/** The functions below `dir`. */
export function createFunctions(options: FunctionsOptions): Functions {
  const pool = createPool(options);
  const invocations = createInvocations();
  const queue = createQueue(MAX_CONCURRENT);
  return {
    byToken: (token) => invocations.byToken(token),
    byWorker: (workerId) => invocations.byWorker(workerId),
    close: () => pool.stopAll(),
    async call(call) {
      const requestId = randomUUID();
      const definition = findFunction(options.dir, call.name);
      if (definition === undefined) return { requestId, outcome: { kind: 'missing' }, timeoutSeconds: 0 };
      const run = () => invoke({ ...options, pool, invocations }, { call, definition, requestId });
      const outcome = call.isNested ? await run() : await queue.run(run);
      return { requestId, outcome, timeoutSeconds: definition.timeoutSeconds };
    },
  };
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
  const { instance, clock, onConsole, token } = seat;
  const expire = () => void instance.stop({ kind: 'timed-out' });
  let cancel = clock.after(MAX_LOAD_MS, expire);
  const outcome = await instance.call({
    event: call.event,
    context: functionContext({ ...definition, requestId }),
    env: callerEnvironment(call.caller, token),
    onStart() {
      cancel();
      cancel = clock.after(definition.timeoutSeconds * 1000, expire);
    },
    onOutput: (stream, text) => onConsole({ function: call.name, requestId, stream, text }),
  });
  cancel();
  return outcome;
}
