import { Command, CommanderError } from 'commander';
import { isDurableError } from '../core/index.ts';
import { version } from '../../package.json';
import { addDemoCommand } from './commands/demo.ts';
import { addDevCommand } from './commands/dev.ts';
import { CommandFailure, exitCodes, type ExitCode } from './exit-codes.ts';
import { createTerminal, type Terminal } from './terminal.ts';

/** Runs one command line (without `node` and the script's name) and answers the exit code. Never throws. */
export async function run(args: readonly string[], terminal: Terminal = createTerminal()): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok;
  const program = createProgram(terminal, (ended) => (code = ended));
  try {
    // A bare `wx-durable` is a question, not a mistake.
    await program.parseAsync(args.length === 0 ? ['--help'] : [...args], { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, terminal);
  }
}

/** Every command registers itself here: one file per command. */
function createProgram(terminal: Terminal, end: (code: ExitCode) => void): Command {
  const program = new Command('wx-durable')
    .description('微信云开发：每一次付费调用都恰好留下一条记录\nEvery costly call leaves exactly one record.')
    .version(version, '-V, --version', '显示版本号 (print the version)')
    .helpOption('-h, --help', '显示帮助 (show help)')
    .helpCommand('help [command]', '显示某个命令的帮助 (help for a command)')
    .option('--lang <zh|en>', '输出语言 (language of the output)', 'zh')
    .showHelpAfterError('用 --help 查看用法 (see --help)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.say(text.trimEnd()),
    });
  addDevCommand(program, { terminal, end });
  addDemoCommand(program, { terminal, end });
  return program;
}

function explain(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    // Help and version end by a throw too; commander has already written its text.
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  if (error instanceof CommandFailure) {
    terminal.say(error.message);
    return error.exitCode;
  }
  terminal.say(describe(error));
  return exitCodes.failed;
}

/** A surprise is told with its causes; the stack only where there is nothing better. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = isDurableError(error) ? error.message : (error.stack ?? error.message);
  return error.cause === undefined ? text : `${text}\n  cause: ${describe(error.cause)}`;
}
