import { InvalidArgumentError, Option, type Command } from 'commander';
import { asDurableError, codeFacts, createDeadline, type Code, type Plain } from '../../core/index.ts';
import { adviceFor, renderReport, storeReport, type Check, type CheckProgress } from '../../integrity/index.ts';
import type { IntegrityReport } from '../../records/index.ts';
import { CHECK_SECTIONS, createIntegrityCheck, KIND_SECTIONS, type Runtime } from '../../service/index.ts';
import { openCheckpoint, sayResume } from '../checkpoint.ts';
import { checkState } from '../checkpoint-forms.ts';
import { CommandFailure, exitCodes, type ExitCode } from '../exit-codes.ts';
import { withExamples } from '../help-text.ts';
import type { Language } from '../language.ts';
import {
  isPictures,
  withCloudOptions,
  withKindOptions,
  withWalkOptions,
  type CloudOptions,
  type KindOptions,
  type WalkOptions,
} from '../options.ts';
import { paintReport } from '../paint-report.ts';
import { createSeen, type Seen } from '../check/seen.ts';
import { createProgress } from '../progress.ts';
import { runtimeOf } from '../runtime.ts';
import { openSession, type Session } from '../session.ts';
import type { CommandContext } from '../terminal.ts';
import { createWatch, type Watch } from '../walk.ts';

const SECTIONS = [...new Set([...CHECK_SECTIONS, ...KIND_SECTIONS])];
type SectionName = (typeof SECTIONS)[number];

interface CheckOptions extends CloudOptions, WalkOptions, KindOptions {
  readonly deep?: boolean;
  readonly readOnly?: boolean;
  readonly section?: readonly SectionName[];
  readonly failOn: 'problem' | 'warn';
}

/** Adds `wx-durable check`: the integrity report. */
export function addCheckCommand(program: Command, context: CommandContext): void {
  const command = program.command('check').description('数据完整性报告 (the integrity report)');
  withKindOptions(withWalkOptions(withCloudOptions(command)))
    .option('--section <name>', `只检查 (only) ${SECTIONS.join(' ')}，可重复`, collectSections)
    .option('--deep', '逐一核对云存储中的每张图片 (ask storage for every picture)')
    .option('--read-only', '不写入：不检查 tiers，不保存报告 (write nothing)')
    .addOption(
      new Option('--fail-on <level>', '何时退出码为 10 (when to exit 10)')
        .choices(['problem', 'warn'])
        .default('problem'),
    )
    .option('--yes', '写入真实环境时不再询问 (do not ask before writing)')
    .action(async (_options, self: Command) => {
      const options = self.optsWithGlobals<CheckOptions>();
      await check(await openSession('check', options, context), options);
    });
  withExamples(command, EXAMPLES, {
    ...{ 0: '良好 good', 10: '有问题 problems', 12: '有未知 unknown', 130: '中断 interrupted' },
  });
}

const EXAMPLES = [
  'check',
  'check --env-id my-env-123 --read-only --json',
  'check --section users --section works',
  'check --records orders',
];

function collectSections(value: string, before: readonly SectionName[] = []): readonly SectionName[] {
  const name = SECTIONS.find((each) => each === value);
  if (name) return [...before, name];
  throw new InvalidArgumentError(`可选 (one of): ${SECTIONS.join(', ')}`);
}

/** Progress is shown after each of these. */
const SLICE_MS = 5_000;
const REPORT_MS = 5_000;
/** Writes a canary into every tier and removes it. */
const WRITES: SectionName = 'tiers';

async function check(session: Session, options: CheckOptions): Promise<void> {
  const kind = isPictures(options) ? undefined : { records: options.records, accounts: options.accounts };
  const sections = sectionsOf(options, session.language);
  if (!options.readOnly) await session.target.confirmWrite(WHAT[session.language]);
  const runtime = runtimeOf(session, session.log);
  const checkpoint = openCheckpoint(kind ? `check-${kind.records}` : 'check', session, checkState);
  const from = options.resume ? (checkpoint.read() as Plain) : undefined;
  const watch = createWatch(session.terminal, options.timeLimit * 1_000);
  const checking = createIntegrityCheck(runtime, { deep: options.deep ?? false, sections, kind });
  const seen = createSeen(session.target.store, options);
  const { state, finished } = await advance(session, checking, { watch, from, seen });
  const report = checking.report(state);
  // What is stored is compared over time: only whole reports of one kind.
  const isToStore = finished && !options.readOnly && !options.section && !kind;
  const notStored = isToStore ? await keep(runtime, report) : undefined;
  if (finished) checkpoint.drop();
  else checkpoint.save(state);
  finish(session, { report, finished, isStored: isToStore && !notStored });
  if (notStored) session.terminal.say(NOT_STORED[session.language](notStored));
  if (!finished) sayResume(session, checkpoint.path);
  const code = notStored && report.status === 'ok' ? exitCodes.partial : codeOf(report, options.failOn);
  session.end(watch.isInterrupted() ? exitCodes.interrupted : code);
}

/** What was found is told, whether it could be kept or not: the database may be the very thing that is down. */
async function keep(runtime: Runtime, report: IntegrityReport): Promise<Code | undefined> {
  try {
    await storeReport(runtime, report, createDeadline(runtime.clock, runtime.clock.now() + REPORT_MS));
    return undefined;
  } catch (error) {
    return asDurableError(error).code;
  }
}

const NOT_STORED = {
  zh: (code: Code) => `⚠ 这份报告没能保存到 integrity_reports（${code}）：${codeFacts(code).zh}`,
  en: (code: Code) => `⚠ this report could not be kept in integrity_reports (${code})`,
};

function sectionsOf({ section, readOnly, ...kind }: CheckOptions, language: Language): readonly SectionName[] {
  const offered: readonly SectionName[] = isPictures(kind) ? CHECK_SECTIONS : KIND_SECTIONS;
  const strange = section?.find((name) => !offered.includes(name));
  if (strange === undefined) return (section ?? offered).filter((name) => !readOnly || name !== WRITES);
  const text = {
    zh: `集合 ${kind.records} 的检查没有 ${strange} 这一项，只有 ${offered.join('、')}`,
    en: `a check of "${kind.records}" has no section ${strange}, but ${offered.join(', ')}`,
  };
  throw new CommandFailure(exitCodes.usage, text[language]);
}

async function advance(
  { terminal, language }: Session,
  checking: Check,
  { watch, from, seen }: { readonly watch: Watch; readonly from: Plain | undefined; readonly seen: Seen },
): Promise<CheckProgress> {
  const progress = createProgress(terminal.errors);
  progress.stage(language === 'zh' ? '检查' : 'checking');
  try {
    let reached = await checking.advance(from, watch.slice(SLICE_MS));
    while (!reached.finished && !watch.isInterrupted() && watch.deadline.remainingMs() > 0) {
      if (terminal.errors.isTTY) progress.step(await seen(checking.underWay(reached.state)));
      reached = await checking.advance(reached.state, watch.slice(SLICE_MS));
    }
    return reached;
  } finally {
    progress.end();
  }
}

interface Outcome {
  readonly report: IntegrityReport;
  readonly finished: boolean;
  readonly isStored: boolean;
}

function finish(session: Session, { report, finished, isStored }: Outcome): void {
  const { language, paint } = session;
  session.finish({
    json: { status: report.status, finished, isStored, report, advice: adviceFor(report) },
    lines: () => paintReport(renderReport(report, { lang: language }), paint),
  });
}

function codeOf({ status, sections }: IntegrityReport, failOn: CheckOptions['failOn']): ExitCode {
  if (status === 'unknown') return exitCodes.partial;
  const isNoted = failOn === 'warn' && sections.some(({ findings }) => findings.length > 0);
  return status === 'problems' || isNoted ? exitCodes.problemsFound : exitCodes.ok;
}

const WHAT = {
  zh: '各保存途径的测试文档（随即删除），以及这份报告',
  en: 'a test document in each tier (removed at once), and the report',
};
