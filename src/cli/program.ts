import { Command, CommanderError } from 'commander';
import { codeFacts, isDurableError, type Code } from '../core/index.ts';
import { version } from '../../package.json';
import { addCheckCommand } from './commands/check.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addDevCommand } from './commands/dev.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addExplainCommand } from './commands/explain.ts';
import { addInitCommand } from './commands/init.ts';
import { addPruneCommand } from './commands/prune.ts';
import { addRecoverCommand } from './commands/recover.ts';
import { addRepairCommand } from './commands/repair.ts';
import { addReportCommand } from './commands/report.ts';
import { CommandFailure, exitCodes, type ExitCode } from './exit-codes.ts';
import { withWideHelp } from './help-text.ts';
import type { Language } from './language.ts';
import { createTerminal, type CommandContext, type Terminal } from './terminal.ts';
import { explainUsageError } from './usage-error.ts';

/** Runs one command line (without `node` and the script's name) and answers the exit code. Never throws. */
export async function run(args: readonly string[], terminal: Terminal = createTerminal()): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok;
  const program = createProgram(terminal, (ended) => (code = ended));
  try {
    // A bare `wx-durable` is a question, not a mistake.
    await program.parseAsync(args.length === 0 ? ['--help'] : [...args], { from: 'user' });
    return code;
  } catch (error) {
    const { lang } = program.opts<{ lang: string }>();
    const exitCode = explain(error, { terminal, language: lang === 'en' ? 'en' : 'zh' });
    // Whoever asked for JSON reads standard output, whatever became of it.
    if (exitCode !== exitCodes.ok && args.includes('--json')) terminal.print(failureAsJson(error, args[0], exitCode));
    return exitCode;
  }
}

function failureAsJson(error: unknown, command: string | undefined, exitCode: ExitCode): string {
  const { code, category } = isDurableError(error) ? error : { code: undefined, category: undefined };
  const message = error instanceof Error ? error.message : String(error);
  return JSON.stringify({ schemaVersion: 1, command, error: { exitCode, code, category, message } });
}

/** One file per command, in the order of the help. */
const COMMANDS: readonly ((program: Command, context: CommandContext) => void)[] = [
  addDevCommand,
  addDemoCommand,
  addInitCommand,
  addDoctorCommand,
  addCheckCommand,
  addReportCommand,
  addRecoverCommand,
  addRepairCommand,
  addPruneCommand,
  addExplainCommand,
];

function createProgram(terminal: Terminal, end: (code: ExitCode) => void): Command {
  const program = withWideHelp(new Command('wx-durable'))
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
      outputError: (text, write) => write(explainUsageError(text, program.opts<{ lang: Language }>().lang)),
    });
  const context = { terminal, end };
  for (const add of COMMANDS) add(program, context);
  return program;
}

function explain(error: unknown, { terminal, language }: { terminal: Terminal; language: Language }): ExitCode {
  if (error instanceof CommanderError) {
    // Help and version end by a throw too; commander has already written its text.
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  if (error instanceof CommandFailure) {
    if (error.message !== '') terminal.say(error.message);
    return error.exitCode;
  }
  if (language === 'zh' && isDurableError(error)) terminal.say(`❌ ${codeFacts(error.code).zh}`);
  terminal.say(describe(error));
  const todo = isDurableError(error) ? TODO[error.code]?.[language] : undefined;
  if (todo) terminal.say(`➜ ${todo}`);
  return isDurableError(error) ? exitCodeOf(error.code) : exitCodes.failed;
}

function exitCodeOf(code: Code): ExitCode {
  if (code === 'STORE_DENIED') return exitCodes.denied;
  if (code === 'DEADLINE_PASSED') return exitCodes.partial;
  return code.startsWith('STORE_') ? exitCodes.cloud : exitCodes.failed;
}

/** What a person does about the errors that tell of a place where something was forgotten. */
const TODO: Partial<Readonly<Record<Code, Readonly<Record<Language, string>>>>> = {
  STORE_NOT_FOUND: { zh: '运行 wx-durable init 创建缺少的集合', en: 'run wx-durable init, which creates it' },
  STORE_DENIED: { zh: '运行 wx-durable doctor 查看权限', en: 'run wx-durable doctor' },
};

/**
 * A surprise is told with its causes; the stack only where there is nothing better. Of an error of ours the cause is the
 * SDK's, whose stack says nothing to a person.
 */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error);
  if (!isDurableError(error) || error.code === 'INTERNAL') return withCause(error.stack ?? error.message, error.cause);
  return withCause(error.message, error.cause instanceof Error ? brief(error.cause) : error.cause);
}

function withCause(text: string, cause: unknown): string {
  if (cause === undefined) return text;
  return `${text}\n  cause: ${typeof cause === 'string' ? cause : describe(cause)}`;
}

const brief = (cause: Error): string => withCause(cause.message, cause.cause);
