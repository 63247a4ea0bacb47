import type { Command } from 'commander';
import { nodePorts } from '../../core/node/index.ts';
import { collections } from '../../records/index.ts';
import type { PageKey } from '../../store/index.ts';
import { openCheckpoint, sayResume } from '../checkpoint.ts';
import { repairCheckpoint } from '../checkpoint-forms.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { withExamples } from '../help-text.ts';
import {
  withCloudOptions,
  withWalkOptions,
  withWriteOptions,
  type CloudOptions,
  type WalkOptions,
} from '../options.ts';
import { createProgress, type Progress } from '../progress.ts';
import { progressBar } from '../progress-bar.ts';
import { renderPlan, renderRepair, type Page } from '../repair/render.ts';
import { walkUsers, type UsersResult } from '../repair/users.ts';
import { openSession, type Session } from '../session.ts';
import type { CommandContext } from '../terminal.ts';
import { createWatch, type Watch } from '../walk.ts';

interface RepairOptions extends CloudOptions, WalkOptions {
  readonly dryRun?: boolean;
}

/** Adds `wx-durable repair users`: makes `generateCount` agree with the works, after showing what is wrong. */
export function addRepairCommand(program: Command, context: CommandContext): void {
  const repair = program.command('repair').description('修复派生数据 (repair derived values)');
  const users = repair.command('users').description('使用户的生成计数与作品一致 (counters agree with works)');
  withWalkOptions(withWriteOptions(withCloudOptions(users))).action(async (_options, self: Command) => {
    const options = self.optsWithGlobals<RepairOptions>();
    await repairUsers(await openSession('repair users', options, context), options);
  });
  withExamples(users, ['repair users --dry-run', 'repair users --env-id my-env-123'], {
    ...{ 0: '一致 right', 10: '有不一致 wrong', 12: '未完成 partial', 130: '中断 interrupted' },
  });
}

const SLICE_MS = 5_000;

async function repairUsers(session: Session, options: RepairOptions): Promise<void> {
  const { target, terminal, language } = session;
  const watch = createWatch(terminal, options.timeLimit * 1_000);
  const progress = createProgress(terminal.errors);
  const checkpoint = openCheckpoint('repair-users', session, repairCheckpoint);
  const after = options.resume ? checkpoint.read() : undefined;
  try {
    const total = await target.store.count(collections.users, {}, { deadline: watch.deadline });
    const walking = { watch, progress, total, after };
    progress.stage(language === 'zh' ? '核对用户' : 'looking at users');
    const plan = await walk(session, { ...walking, dryRun: true });
    progress.end();
    if (options.dryRun || plan.wrong === 0 || watch.isInterrupted()) return reportPlan(session, plan, watch);
    for (const line of renderPlan(plan, pageOf(session))) terminal.say(line);
    await target.confirmWrite({ zh: `修复 ${plan.wrong} 个用户`, en: `repair ${plan.wrong} users` }[language]);
    progress.stage(language === 'zh' ? '修复' : 'repairing');
    const last = createWatch(terminal, options.timeLimit * 1_000);
    const result = await walk(session, { ...walking, watch: last, dryRun: false });
    progress.end();
    if (result.checkpoint) checkpoint.save(result.checkpoint);
    else checkpoint.drop();
    reportRepair(session, result, last);
    if (result.checkpoint) sayResume(session, checkpoint.path);
  } finally {
    progress.end();
  }
}

interface Walking {
  readonly watch: Watch;
  readonly progress: Progress;
  readonly total: number;
  readonly after: PageKey | undefined;
  readonly dryRun: boolean;
}

function walk({ target, log }: Session, { watch, progress, total, after, dryRun }: Walking): Promise<UsersResult> {
  return walkUsers(
    { ...nodePorts, store: target.store, log },
    {
      dryRun,
      after,
      deadline: watch.deadline,
      slice: () => watch.slice(SLICE_MS),
      onLooked: (looked) => progress.step(progressBar(looked, total)),
    },
  );
}

function reportPlan(session: Session, plan: UsersResult, watch: Watch): void {
  session.finish({
    json: { dryRun: true, finished: !plan.checkpoint, ...plan },
    lines: () => renderPlan(plan, pageOf(session)),
  });
  session.end(codeOf(plan, { watch, left: plan.wrong }));
}

function reportRepair(session: Session, result: UsersResult, watch: Watch): void {
  session.finish({
    json: { dryRun: false, finished: !result.checkpoint, ...result },
    lines: () => renderRepair(result, pageOf(session)),
  });
  session.end(codeOf(result, { watch, left: result.failed.length }));
}

function codeOf(
  { checkpoint, failed }: UsersResult,
  { watch, left }: { readonly watch: Watch; readonly left: number },
): ExitCode {
  if (watch.isInterrupted()) return exitCodes.interrupted;
  if (checkpoint) return exitCodes.partial;
  return left > 0 || failed.length > 0 ? exitCodes.problemsFound : exitCodes.ok;
}

const pageOf = ({ terminal, language, paint }: Session): Page => ({ language, paint, columns: terminal.columns });
