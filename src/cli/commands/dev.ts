import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { isDurableError } from '../../core/index.ts';
import { createEmulator, type Emulator } from '../../emulator/index.ts';
import { createMissingCollections } from '../dev/collections.ts';
import { formatConsoleLine } from '../dev/console-line.ts';
import { findFunctions } from '../dev/functions.ts';
import { environmentScript, welcome } from '../dev/welcome.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { parseLanguage, type Language } from '../language.ts';
import type { CommandContext, Terminal } from '../terminal.ts';

interface DevOptions {
  readonly port: number;
  readonly dir: string;
  readonly functions: string;
  readonly provider?: string;
  readonly lang: string;
}

/** Adds `wx-durable dev`: the local cloud, running until it is asked to stop. */
export function addDevCommand(program: Command, { terminal }: CommandContext): void {
  program
    .command('dev')
    .description('启动本地云开发，只监听 127.0.0.1 (run a local CloudBase)')
    .option('--port <number>', '端口，0 表示任意空闲端口 (0 = any free port)', parsePort, 8360)
    .option('--dir <path>', '数据目录 (data folder)', '.wx-durable')
    .option('--functions <path>', '已构建的云函数目录 (folder of built functions)', 'dist/cloudfunctions')
    .option('--provider <name>', '图片服务，local 为本地绘制 (picture service; local paints on this machine)')
    .addHelpText('after', '\n示例 (example):\n  wx-durable dev --port 8360 --provider local')
    .action((_options, command: Command) => dev(command.optsWithGlobals<DevOptions>(), terminal));
}

async function dev(options: DevOptions, terminal: Terminal): Promise<void> {
  const language = parseLanguage(options.lang);
  const functions = findFunctions(options.functions);
  const emulator = await start(options, { terminal, language, hasFunctions: functions.length > 0 });
  try {
    await createMissingCollections(emulator.url);
    const { dir, functions: functionsDir, provider } = options;
    // In full: it is used from another terminal, wherever that one stands.
    const envFile = resolve(dir, 'env.sh');
    await writeFile(envFile, environmentScript(emulator.env));
    const facts = { emulator, envFile, functions, dir, functionsDir, provider, language };
    for (const line of welcome(facts)) terminal.print(line);
    await terminal.stopped;
    terminal.say(language === 'zh' ? '正在停止……' : 'Stopping...');
  } finally {
    await emulator.close();
  }
}

interface StartContext {
  readonly terminal: Terminal;
  readonly language: Language;
  readonly hasFunctions: boolean;
}

async function start(options: DevOptions, { terminal, language, hasFunctions }: StartContext): Promise<Emulator> {
  try {
    return await createEmulator({
      dir: options.dir,
      port: options.port,
      ...(hasFunctions ? { functionsDir: options.functions } : {}),
      functionEnv: functionEnv(terminal.env, options.provider),
      onConsole: (line) => {
        const write = line.stream === 'stdout' ? terminal.print : terminal.say;
        for (const text of formatConsoleLine(line)) write(text);
      },
    });
  } catch (error) {
    if (isAddressInUse(error)) throw portTaken(options.port, language);
    if (isNoFolder(error)) throw notAFolder(options.dir, { language, cause: error });
    throw isFolderInUse(error) ? folderTaken(options.dir, { language, cause: error }) : error;
  }
}

/** What functions see of this process's environment: our own settings, and nothing else of the machine. */
function functionEnv(env: Terminal['env'], provider: string | undefined): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith('WX_DURABLE_') && value !== undefined) settings[name] = value;
  }
  if (provider !== undefined) settings['WX_DURABLE_PROVIDER'] = provider;
  return settings;
}

function parsePort(value: string): number {
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65_535) return port;
  throw new InvalidArgumentError('端口是 0 到 65535 的整数 (a port is a whole number from 0 to 65535)');
}

function isAddressInUse(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === 'EADDRINUSE') || isAddressInUse(error.cause);
}

/** The local cloud names the process that holds its data folder. */
function isFolderInUse(error: unknown): boolean {
  return isDurableError(error, 'CONFIG_INVALID') && 'pid' in error.details;
}

function isNoFolder(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return ['EEXIST', 'ENOTDIR', 'EACCES', 'EROFS', 'ENOENT'].includes(String(code));
}

function notAFolder(dir: string, { language, cause }: { language: Language; cause: unknown }): CommandFailure {
  const text = {
    zh: `无法使用数据目录 ${dir}，请用 --dir 指定一个可写的目录`,
    en: `the data folder ${dir} cannot be used; name a writable folder with --dir`,
  };
  return new CommandFailure(exitCodes.file, text[language], { cause });
}

function folderTaken(dir: string, { language, cause }: { language: Language; cause: unknown }): CommandFailure {
  const text = {
    zh: `数据目录 ${dir} 正被另一个本地云开发使用，请先停止它，或用 --dir 换一个`,
    en: `the data folder ${dir} is in use by another local cloud; stop it, or choose another with --dir`,
  };
  return new CommandFailure(exitCodes.locked, text[language], { cause });
}

function portTaken(port: number, language: Language): CommandFailure {
  const text = {
    zh: `端口 ${port} 已被占用，请用 --port 换一个`,
    en: `port ${port} is taken; choose another with --port`,
  };
  return new CommandFailure(exitCodes.failed, text[language]);
}
