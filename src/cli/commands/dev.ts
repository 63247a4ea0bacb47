import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { createEmulator, type Emulator } from '../../emulator/index.ts';
import { createMissingCollections } from '../dev/collections.ts';
import { chooseProvider } from '../dev/provider.ts';
import { formatConsoleLine } from '../dev/console-line.ts';
import { chooseFunctions, findMissingPackages, type FunctionsFolder } from '../dev/functions.ts';
import { explainStartFailure } from '../dev/start-failure.ts';
import { readTimers } from '../dev/timers.ts';
import { environmentScript, missingPackagesAdvice, welcome } from '../dev/welcome.ts';
import { withExamples } from '../help-text.ts';
import { declareIndexes } from '../init/local-indexes.ts';
import { parseLanguage, type Language } from '../language.ts';
import type { CommandContext, Terminal } from '../terminal.ts';

interface DevOptions {
  readonly port: number;
  readonly dir: string;
  readonly functions?: string;
  readonly provider?: string;
  readonly timers: boolean;
  readonly limits: boolean;
  readonly allowOrigin?: readonly string[];
  readonly import?: string;
  readonly exportOnExit?: string;
  readonly lang: string;
}

/** Adds `wx-durable dev`: the local cloud, running until it is asked to stop. */
export function addDevCommand(program: Command, { terminal }: CommandContext): void {
  withExamples(program.command('dev'), ['dev --port 8360 --functions cloudfunctions'])
    .description('启动本地云开发，只监听 127.0.0.1 (run a local CloudBase)')
    .option('--port <number>', '端口，0 表示任意空闲端口 (0 = any free port)', parsePort, 8360)
    .option('--dir <path>', '数据目录 (data folder)', '.wx-durable')
    .option(
      '--functions <path>',
      '云函数目录；默认为 dist/cloudfunctions 或 cloudfunctions，都没有时用自带的 (folder of functions; default: the project’s, else those of this package)',
    )
    .option('--provider <name>', '图片服务，默认 local 为本机绘制 (picture service; local paints on this machine)')
    .option('--no-timers', '不自动触发定时器 (timers do not fire by themselves)')
    .option('--no-limits', '不模拟线上的大小、内存和超时限制 (no limits of size, memory and time)')
    .option(
      '--allow-origin <origin...>',
      '允许访问的网页来源，例如 http://localhost:5173 (origins of web pages that may use it)',
    )
    .option('--import <path>', '启动时导入的目录 (folder to import at start)')
    .option('--export-on-exit <path>', '退出时导出到的目录 (folder to export to on exit)')
    .action((_options, command: Command) => dev(command.optsWithGlobals<DevOptions>(), terminal));
}

async function dev(options: DevOptions, terminal: Terminal): Promise<void> {
  const language = parseLanguage(options.lang);
  const functions = chooseFunctions(options.functions, language);
  const provider = chooseProvider(options.provider, { env: terminal.env, language });
  const emulator = await start({ ...options, provider }, { terminal, language, functions });
  try {
    await createMissingCollections(emulator.url);
    await declareIndexes(emulator.url);
    // In full: it is used from another terminal, wherever that one stands.
    const envFile = resolve(options.dir, 'env.sh');
    await writeFile(envFile, environmentScript(emulator.env));
    const timers = options.timers ? await readTimers(emulator.url) : [];
    const facts = { emulator, envFile, functions, timers, dir: options.dir, provider, language };
    for (const line of missingPackagesAdvice(findMissingPackages(functions), facts)) terminal.say(line);
    for (const line of welcome(facts)) terminal.print(line);
    await terminal.stopped;
    if (options.exportOnExit !== undefined) await emulator.exportTo(options.exportOnExit);
    terminal.say(language === 'zh' ? '正在停止……' : 'Stopping...');
  } finally {
    await emulator.close();
  }
}

interface StartContext {
  readonly terminal: Terminal;
  readonly language: Language;
  readonly functions: FunctionsFolder;
}

async function start(
  options: DevOptions & { readonly provider: string },
  { terminal, language, functions }: StartContext,
): Promise<Emulator> {
  try {
    return await createEmulator({
      dir: options.dir,
      ...(options.import === undefined ? {} : { importFrom: options.import }),
      port: options.port,
      functionsDir: functions.path,
      functionEnv: functionEnv(terminal.env, options.provider),
      timers: options.timers,
      ...(options.limits ? {} : { limits: false as const }),
      allowedOrigins: options.allowOrigin ?? [],
      onConsole: (line) => {
        const write = line.stream === 'stdout' ? terminal.print : terminal.say;
        for (const text of formatConsoleLine(line)) write(text);
      },
    });
  } catch (error) {
    throw explainStartFailure(error, { ...options, language });
  }
}

/** What functions see of this process's environment: our own settings, and nothing else of the machine. */
function functionEnv(env: Terminal['env'], provider: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith('WX_DURABLE_') && value !== undefined) settings[name] = value;
  }
  return { ...settings, WX_DURABLE_PROVIDER: provider };
}

function parsePort(value: string): number {
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65_535) return port;
  throw new InvalidArgumentError('端口是 0 到 65535 的整数 (a port is a whole number from 0 to 65535)');
}
