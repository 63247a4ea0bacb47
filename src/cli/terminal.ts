import { createInterface } from 'node:readline/promises';
import { printable } from '../core/index.ts';
import { CommandFailure, exitCodes, type ExitCode } from './exit-codes.ts';
import { wantsColour } from './style.ts';

/** Where progress is drawn. */
export type ProgressStream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>;

/** What a command is given of the machine: where its result goes, where its talk goes, and when to stop. */
export interface Terminal {
  /** The result, and nothing but the result: one line on standard output. */
  print(line: string): void;
  /** Progress, prompts and warnings: one line on standard error. */
  say(line: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether there is a person to ask: what is typed and what is said both belong to a terminal. */
  readonly isInteractive: boolean;
  /** Asks on standard error; answers the line that was typed. Rejects with exit code 130 on Ctrl-C. */
  ask(question: string): Promise<string>;
  readonly errors: ProgressStream;
  /** Width of the result, in columns; 80 where it goes to a file or a pipe. */
  readonly columns: number;
  /** Whether the result may be coloured. */
  readonly hasColour: boolean;
  /** Resolves when the person or the system asks the process to stop, with the signal's name. */
  readonly stopped: Promise<NodeJS.Signals>;
}

/** What every command is registered with; `end` sets the exit code of a command that ran but found something. */
export interface CommandContext {
  readonly terminal: Terminal;
  end(code: ExitCode): void;
}

const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const DEFAULT_COLUMNS = 80;

/** The terminal of this process. A second signal ends it at once, for a person who will not wait. */
export function createTerminal(): Terminal {
  let stopped: Promise<NodeJS.Signals> | undefined;
  const { stdin, stdout, stderr, env } = process;
  return {
    print: (line) => void stdout.write(`${safe(line)}\n`),
    say: (line) => void stderr.write(`${safe(line)}\n`),
    env,
    isInteractive: Boolean(stdin.isTTY && stderr.isTTY),
    ask,
    errors: stderr,
    columns: (stdout.isTTY && stdout.columns) || DEFAULT_COLUMNS,
    hasColour: wantsColour(stdout, env),
    // Only a command that waits takes the signals over; for the others the system's own handling is right.
    get stopped() {
      return (stopped ??= new Promise((resolve) => {
        for (const signal of STOP_SIGNALS) process.once(signal, () => resolve(signal));
      }));
    },
  };
}

const ESCAPE = String.fromCharCode(27);
/** Any colour or weight, but nothing concealed. */
const COLOUR = new RegExp(`(${ESCAPE}\\[(?!(?:\\d*;)*8[;m])[\\d;]{0,16}m)`, 'u');

/**
 * The last door before a terminal: a command hidden in what is shown (a title, a cursor that goes back, text that is
 * concealed) is written out. Lines and colours stay; ids lose those, too, where they are shown.
 */
function safe(text: string): string {
  const parts = text.split(COLOUR);
  return parts
    .map((part, at) => (at % 2 === 1 ? part : printable(part, (each) => each === '\n' || each === '\t')))
    .join('');
}

async function ask(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise((resolve, reject) => {
      reader.once('SIGINT', () => reject(new CommandFailure(exitCodes.interrupted, '')));
      // The end of the input answers nothing.
      reader.once('close', () => resolve(''));
      reader.question(question).then(resolve, reject);
    });
  } finally {
    reader.close();
  }
}
