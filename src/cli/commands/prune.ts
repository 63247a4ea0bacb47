import { InvalidArgumentError, type Command } from 'commander';
import { createRetention, type Retention, type RetentionCheckpoint } from '../../integrity/index.ts';
import { sealsOf, type Runtime } from '../../service/index.ts';
import { openCheckpoint, sayResume } from '../checkpoint.ts';
import { pruneCheckpoint } from '../checkpoint-forms.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { withExamples } from '../help-text.ts';
import {
  withCloudOptions,
  withWalkOptions,
  withWriteOptions,
  type CloudOptions,
  type WalkOptions,
} from '../options.ts';
import { createProgress } from '../progress.ts';
import { thousands } from '../progress-bar.ts';
import { renderPrune } from '../prune/render.ts';
import { pruneAll, type PruneResult } from '../prune/run.ts';
import { runtimeOf } from '../runtime.ts';
import { openSession, type Session } from '../session.ts';
import type { CommandContext } from '../terminal.ts';
import { createWatch, type Watch } from '../walk.ts';

interface PruneOptions extends CloudOptions, WalkOptions {
  readonly dryRun?: boolean;
  readonly letterDays: number;
  readonly reportDays: number;
}

/** Adds `wx-durable prune`: removes recovered letters and old reports whose records are seen to be home; never works. */
export function addPruneCommand(program: Command, context: CommandContext): void {
  const command = program.command('prune').description('清理已恢复的备份与旧报告 (remove what is no longer needed)');
  withWalkOptions(withWriteOptions(withCloudOptions(command)))
    .option('--letter-days <days>', '备份记录保留天数 (days that recovered letters are kept)', parseDays, 30)
    .option('--report-days <days>', '报告保留天数 (days that reports are kept)', parseDays, 180)
    .action(async (_options, self: Command) => {
      const options = self.optsWithGlobals<PruneOptions>();
      await prune(await openSession('prune', options, context), options);
    });
  withExamples(command, ['prune --dry-run', 'prune --env-id my-env-123 --letter-days 60'], {
    ...{ 0: '完成 done', 10: '有备份需查看 letters to look at', 12: '未完成 partial', 130: '中断 interrupted' },
  });
}

function parseDays(value: string): number {
  const days = Number(value);
  if (/^\d+$/.test(value) && days >= 1 && days <= 36_500) return days;
  throw new InvalidArgumentError('天数是 1 到 36500 的整数 (1 to 36500 whole days)');
}

async function prune(session: Session, options: PruneOptions): Promise<void> {
  const dryRun = options.dryRun ?? false;
  const checkpoint = openCheckpoint('prune', session, pruneCheckpoint);
  const from = options.resume ? checkpoint.read() : undefined;
  const fresh = (): Watch => createWatch(session.terminal, options.timeLimit * 1_000);
  const looking = await openLooking(session, options);
  if (!dryRun) await confirm(session, await walk(session, looking, { watch: fresh(), dryRun: true, from }));
  const watch = fresh();
  const retention = dryRun ? looking : openRetention(runtimeOf(session, session.log), options);
  const result = await walk(session, retention, { watch, dryRun, from });
  if (!dryRun && result.checkpoint) checkpoint.save(result.checkpoint);
  if (!dryRun && !result.checkpoint) checkpoint.drop();
  session.finish({
    json: { dryRun, finished: !result.checkpoint, ...result },
    lines: () => renderPrune(result, dryRun ? 'looked' : 'done', pageOf(session)),
  });
  if (!dryRun && result.checkpoint) sayResume(session, checkpoint.path);
  session.end(codeOf(result, watch));
}

/** What would go is seen before anybody agrees to it. */
async function confirm(session: Session, plan: PruneResult): Promise<void> {
  const { target, terminal, language } = session;
  for (const line of renderPrune(plan, 'plan', pageOf(session))) terminal.say(line);
  await target.confirmWrite({ zh: '清理备份记录与旧报告', en: 'remove letters and old reports' }[language]);
}

const pageOf = ({ terminal, language, paint }: Session) => ({ language, paint, columns: terminal.columns });

/** Before anybody agreed nothing is written; where a file's id could be told by an upload only, letters alone are listed. */
async function openLooking(session: Session, options: PruneOptions): Promise<Retention> {
  const runtime = runtimeOf(session, session.log);
  return openRetention((await session.target.blobs.knowsIds()) ? runtime : { ...runtime, blobs: undefined }, options);
}

function openRetention(
  runtime: Omit<Runtime, 'blobs'> & { readonly blobs: Runtime['blobs'] | undefined },
  { letterDays, reportDays }: PruneOptions,
): Retention {
  return createRetention(
    { ...runtime, ...sealsOf(runtime) },
    { letterKeepDays: letterDays, reportKeepDays: reportDays },
  );
}

async function walk(
  { terminal, language }: Session,
  retention: Retention,
  how: { readonly watch: Watch; readonly dryRun: boolean; readonly from: RetentionCheckpoint | undefined },
): Promise<PruneResult> {
  const progress = createProgress(terminal.errors);
  progress.stage(language === 'zh' ? '清理' : 'pruning');
  try {
    return await pruneAll(retention, { ...how, onGone: (gone) => progress.step(thousands(gone)) });
  } finally {
    progress.end();
  }
}

function codeOf({ letters, reports, findings, checkpoint }: PruneResult, watch: Watch): ExitCode {
  if (watch.isInterrupted()) return exitCodes.interrupted;
  if (checkpoint || letters.unread || reports.unread) return exitCodes.partial;
  const isTroubled = letters.failed + reports.failed > 0 || findings.some(({ weight }) => weight === 'problem');
  return isTroubled ? exitCodes.problemsFound : exitCodes.ok;
}
