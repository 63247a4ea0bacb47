import type { ExitCode } from './exit-codes.ts';

/** What a command is given of the machine: where its result goes, where its talk goes, and when to stop. */
export interface Terminal {
  /** The result, and nothing but the result: one line on standard output. */
  print(line: string): void;
  /** Progress, prompts and warnings: one line on standard error. */
  say(line: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Resolves when the person or the system asks the process to stop, with the signal's name. */
  readonly stopped: Promise<NodeJS.Signals>;
}

/** What every command is registered with; `end` sets the exit code of a command that ran but found something. */
export interface CommandContext {
  readonly terminal: Terminal;
  end(code: ExitCode): void;
}

const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The terminal of this process. A second signal ends it at once, for a person who will not wait. */
export function createTerminal(): Terminal {
  let stopped: Promise<NodeJS.Signals> | undefined;
  return {
    print: (line) => void process.stdout.write(`${line}\n`),
    say: (line) => void process.stderr.write(`${line}\n`),
    env: process.env,
    // Only a command that waits takes the signals over; for the others the system's own handling is right.
    get stopped() {
      return (stopped ??= new Promise((resolve) => {
        for (const signal of STOP_SIGNALS) process.once(signal, () => resolve(signal));
      }));
    },
  };
}
