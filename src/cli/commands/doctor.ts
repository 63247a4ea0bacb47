import type { Command } from 'commander';
import { nodePorts } from '../../core/node/index.ts';
import { checkClock, checkCollections } from '../doctor/database.ts';
import { checkFunctions, functionNames } from '../doctor/functions.ts';
import { checkHeartbeat } from '../doctor/heartbeat.ts';
import { checkIndexes } from '../doctor/indexes.ts';
import { line, type DoctorLine } from '../doctor/line.ts';
import { checkMachine } from '../doctor/machine.ts';
import { renderDoctor, verdictOf } from '../doctor/render.ts';
import { checkSettings } from '../doctor/settings.ts';
import { exitCodes } from '../exit-codes.ts';
import { withExamples } from '../help-text.ts';
import { withCloudOptions, type CloudOptions } from '../options.ts';
import { openSession, type Session } from '../session.ts';
import type { CommandContext } from '../terminal.ts';

interface DoctorOptions extends CloudOptions {
  readonly functions?: string;
  readonly write?: boolean;
}

/** Adds `wx-durable doctor`: is everything in place; each line ok, problem, unknown or skipped, with what to do. */
export function addDoctorCommand(program: Command, context: CommandContext): void {
  const command = program.command('doctor').description('检查集合、设置、定时器与时钟 (is everything in place)');
  withCloudOptions(command)
    .option('--functions <path>', '云函数目录 (folder of the functions)')
    .option('--write', '在真实环境中也写入一个临时文档以核对时钟 (compare clocks by a write)')
    .option('--yes', '写入真实环境时不再询问 (do not ask before writing)')
    .action(async (_options, self: Command) => {
      const options = self.optsWithGlobals<DoctorOptions>();
      await doctor(await openSession('doctor', options, context), options);
    });
  withExamples(command, ['doctor', 'doctor --env-id my-env-123 --json'], {
    ...{ 0: '正常 ok', 10: '有问题 problems', 12: '无法确定 unknown' },
  });
}

async function doctor(session: Session, options: DoctorOptions): Promise<void> {
  const { language, paint, terminal } = session;
  const lines = await examine(session, options);
  const verdict = verdictOf(lines);
  session.finish({
    json: {
      status: verdict === 'problem' ? 'problems' : verdict,
      checks: lines.map(({ name, status, said, todo }) => ({
        name,
        status,
        said: said[language],
        todo: todo?.[language],
      })),
    },
    lines: () => renderDoctor(lines, { language, paint, columns: terminal.columns }),
  });
  session.end({ ok: exitCodes.ok, problem: exitCodes.problemsFound, unknown: exitCodes.partial }[verdict]);
}

async function examine(
  { target, terminal, log, language }: Session,
  options: DoctorOptions,
): Promise<readonly DoctorLine[]> {
  const mayWrite = target.kind === 'local' || options.write === true;
  if (mayWrite) await target.confirmWrite({ zh: '一个临时文档', en: 'a temporary document' }[language]);
  const { clock, random, createSeal } = nodePorts;
  const names = functionNames(process.cwd(), options.functions);
  const [collections, clocks, settings, timers, indexes] = await Promise.all([
    checkCollections(target),
    mayWrite ? checkClock(target, { clock, random }) : CLOCK_SKIPPED,
    checkSettings(target, { clock, env: terminal.env, createSeal, functions: names }),
    checkHeartbeat(target, { clock, random, log, env: terminal.env, functions: names }),
    checkIndexes(target),
  ]);
  const machine = checkMachine({ node: process.versions.node, sdk: target.sdkVersion });
  const functions = checkFunctions(process.cwd(), options.functions);
  return [...machine, ...collections, clocks, ...functions, ...settings, ...timers, indexes, PERMISSIONS];
}

const CLOCK_SKIPPED = line(
  'skipped',
  'clock',
  { zh: '未核对时钟：需要写入一个临时文档', en: 'clocks: comparing them needs a temporary document' },
  { zh: '加 --write', en: 'add --write' },
);

const PERMISSIONS = line(
  'skipped',
  'permissions',
  { zh: '集合权限只能在控制台看到', en: "the collections' permissions can be seen in the console only" },
  {
    zh: '把这些集合设为「所有用户不可读写」（仅云函数可用）',
    en: 'let no client read or write these collections (functions only)',
  },
);
