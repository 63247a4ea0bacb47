import { MessageChannel, Worker } from 'node:worker_threads';
import { markOf } from './definition.ts';

/** What one invocation came to. */
export type Outcome =
  | { readonly kind: 'done'; readonly result: string }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'out-of-memory' }
  | { readonly kind: 'killed' };

/** What the worker sends. */
type WorkerMessage =
  | { readonly type: 'started' }
  | { readonly type: 'out-of-memory' }
  | { readonly type: 'files'; readonly files: readonly string[] }
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'done'; readonly result: string }
  | { readonly type: 'failed'; readonly message: string; readonly stack: string };

/** One event for an instance. */
export interface InstanceCall {
  /** The event as JSON text. */
  readonly event: string;
  readonly context: unknown;
  readonly env: Readonly<Record<string, string>>;
  /** Called when the code has been loaded and `main` begins. */
  readonly onStart: () => void;
  readonly onOutput: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** A running copy of a function: serves one event at a time and keeps its module state in between. */
export interface Instance {
  call(call: InstanceCall): Promise<Outcome>;
  /** Kills it; the call under way ends with `outcome`, after everything printed until then has been handed on. */
  stop(outcome?: Outcome): Promise<void>;
  readonly isAlive: () => boolean;
  /** Whether none of the files it has loaded (packages apart) was written since. */
  readonly isFresh: () => boolean;
}

interface InstanceOptions {
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where its heap ends; undefined: where that of this process does. */
  readonly memoryMb: number | undefined;
}

/** Starts an instance of the function whose code is at `entry`. */
export function startInstance({ entry, env, memoryMb }: InstanceOptions): Instance {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL('./worker.cjs', import.meta.url), {
    env: { ...env },
    // Flags of this process (a test runner's loader, an inspector) are not the function's.
    execArgv: [],
    ...(memoryMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMb } }),
    workerData: { entry, gate: gate.buffer, port: port2, memoryBytes: (memoryMb ?? Infinity) * 2 ** 20 },
    transferList: [port2],
  });
  // An idle instance keeps nobody's process running.
  worker.unref();
  const state = createCallState();
  const stop = async (outcome: Outcome = { kind: 'killed' }): Promise<void> => {
    state.doom(outcome);
    await worker.terminate();
  };
  worker.on('message', (message: WorkerMessage) => {
    if (message.type === 'out-of-memory') void stop({ kind: 'out-of-memory' });
    else state.receive(message);
  });
  worker.on('error', (error) => state.end(endOf(error)));
  // All messages sent before the end have been received by now.
  worker.on('exit', () => state.end({ kind: 'failed', message: 'the function ended its own process' }));
  return {
    isAlive: () => !state.isEnding(),
    isFresh: state.isFresh,
    stop,
    call(call) {
      port1.postMessage({ event: call.event, context: call.context, env: call.env });
      const settled = state.begin(call);
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      return settled;
    },
  };
}

interface CallState {
  begin(call: InstanceCall): Promise<Outcome>;
  receive(message: Exclude<WorkerMessage, { type: 'out-of-memory' }>): void;
  /** Decides how the call under way ends: whatever result still arrives comes too late. */
  doom(outcome: Outcome): void;
  /** Ends the instance; a call that is under way gets this outcome, unless another one was decided before. */
  end(outcome: Outcome): void;
  isEnding(): boolean;
  isFresh(): boolean;
}

function createCallState(): CallState {
  let current: { call: InstanceCall; settle: (outcome: Outcome) => void } | undefined;
  let doom: Outcome | undefined;
  let files = new Map<string, string | undefined>();
  const settle = (outcome: Outcome) => {
    current?.settle(outcome);
    current = undefined;
  };
  return {
    begin: (call) =>
      new Promise((resolve) => {
        current = { call, settle: resolve };
      }),
    receive(message) {
      if (message.type === 'output') current?.call.onOutput(message.stream, message.text);
      else if (message.type === 'files')
        files = new Map(message.files.map((path) => [path, files.get(path) ?? markOf(path)]));
      else if (doom !== undefined) return;
      else if (message.type === 'started') current?.call.onStart();
      else if (message.type === 'done') settle({ kind: 'done', result: message.result });
      else {
        if (message.stack !== '') current?.call.onOutput('stderr', `${message.stack}\n`);
        settle({ kind: 'failed', message: message.message });
      }
    },
    doom(outcome) {
      doom ??= outcome;
    },
    end(outcome) {
      doom ??= outcome;
      settle(doom);
    },
    isEnding: () => doom !== undefined,
    isFresh: () => [...files].every(([path, mark]) => markOf(path) === mark),
  };
}

function endOf(error: unknown): Outcome {
  const isMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return isMemory ? { kind: 'out-of-memory' } : { kind: 'failed', message: describe(error) };
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
