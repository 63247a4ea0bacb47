import type { Command } from 'commander';
import type { Deadline, Log } from '../../core/index.ts';
import { nodePorts } from '../../core/node/index.ts';
import type { GenerationCheckpoint } from '../../generation/index.ts';
import { openCheckpoint, sayResume, type Checkpoint } from '../checkpoint.ts';
import { recoverCheckpoint } from '../checkpoint-forms.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { withExamples } from '../help-text.ts';
import {
  isPictures,
  withAlsoOption,
  withCloudOptions,
  withKindOptions,
  withWalkOptions,
  withWriteOptions,
  type CloudOptions,
  type WalkOptions,
} from '../options.ts';
import type { Language } from '../language.ts';
import { createProgress, type Progress } from '../progress.ts';
import { progressBar, thousands } from '../progress-bar.ts';
import { importLog, type LogImport } from '../recover/from-log.ts';
import { renderImport, renderRecovery, renderRequeue, renderWaiting, type Page } from '../recover/render.ts';
import { renderStays } from '../recover/stays.ts';
import { assertAlso } from '../recover/also.ts';
import { countQuarantined, putBack } from '../recover/requeue.ts';
import { recoverAll, type RecoveryResult } from '../recover/run.ts';
import { assertKeyForLetters, openRecovery } from '../recover/tools.ts';
import { findWaiting, type Asked, type WaitingWork } from '../recover/waiting.ts';
import { runtimeOf } from '../runtime.ts';
import { openSession, type Session } from '../session.ts';
import type { CommandContext } from '../terminal.ts';
import { createWatch, type Watch } from '../walk.ts';

interface RecoverOptions extends CloudOptions, WalkOptions, Asked {
  readonly dryRun?: boolean;
  readonly fromLog?: string;
  readonly requeue?: string;
}

/** Adds `wx-durable recover`: finishes interrupted calls and brings dead letters home, until nothing is left. */
export function addRecoverCommand(program: Command, context: CommandContext): void {
  const command = program.command('recover').description('恢复中断的调用与备份记录 (finish calls, bring letters home)');
  withAlsoOption(withKindOptions(withWalkOptions(withWriteOptions(withCloudOptions(command)))))
    .option('--from-log <file>', '先导入云函数日志中的加密记录 (sealed records of an exported log)')
    .option('--requeue <id|all>', '先放回已隔离的备份记录 (put quarantined letters back first)')
    .action(async (_options, self: Command) => {
      const options = self.optsWithGlobals<RecoverOptions>();
      await recover(await openSession('recover', options, context), options);
    });
  withExamples(command, EXAMPLES, {
    ...{ 0: '完成 done', 10: '有失败 failures', 12: '未完成 partial', 130: '中断 interrupted' },
  });
}

const EXAMPLES = [
  'recover --dry-run',
  'recover --env-id my-env-123',
  'recover --env-id my-env-123 --from-log ./scf-log.json',
  'recover --env-id my-env-123 --records orders --accounts members',
  'recover --env-id my-env-123 --also notes',
];

async function recover(session: Session, options: RecoverOptions): Promise<void> {
  const progress = createProgress(session.terminal.errors);
  try {
    await (options.dryRun ? look(session, options) : run(session, options, progress));
  } finally {
    progress.end();
  }
}

async function look(session: Session, options: RecoverOptions): Promise<void> {
  const { log } = session;
  const { fromLog, requeue, timeLimit } = options;
  const watch = createWatch(session.terminal, timeLimit * 1_000);
  await assertAlso(session, options, watch.deadline);
  const imported = await importNamed(session, { fromLog, dryRun: true, watch, log });
  const waiting = await waitingIn(session, options, watch.deadline);
  const requeued = requeue === undefined ? undefined : await countQuarantined(session, requeue, watch.deadline);
  session.finish({
    json: {
      ...{ dryRun: true, waiting },
      ...(imported ? { log: imported } : {}),
      ...(requeued === undefined ? {} : { requeued }),
    },
    lines: () => [
      ...shownImport(imported, pageOf(session)),
      ...renderWaiting(waiting, options, pageOf(session)),
      ...(requeued === undefined ? [] : [renderRequeue(requeued, { ...pageOf(session), isDone: false })]),
    ],
  });
  session.end(exitCodes.ok);
}

const LOOK_MS = 60_000;

async function run(session: Session, options: RecoverOptions, progress: Progress): Promise<void> {
  const { target, terminal, language } = session;
  const { resume, fromLog, requeue, timeLimit } = options;
  const name = isPictures(options) ? 'recover' : `recover-${options.records}`;
  const checkpoint = openCheckpoint(name, session, recoverCheckpoint);
  const from = resume ? checkpoint.read() : undefined;
  await assertKeyForLetters(runtimeOf(session, session.log), language);
  const { deadline: lookBy } = createWatch(terminal, LOOK_MS);
  await assertAlso(session, options, lookBy);
  const waiting = await waitingIn(session, options, lookBy);
  const asked = requeue === undefined ? 0 : await countQuarantined(session, requeue, lookBy);
  await target.confirmWrite(whatWaits(waiting, { language, requeued: asked }));
  progress.stage(language === 'zh' ? '恢复' : 'recovering');
  // From here on: nobody is hurried while they type.
  const watch = createWatch(terminal, timeLimit * 1_000);
  const log = counting(session.log, waiting, progress);
  const imported = await importNamed(session, { fromLog, dryRun: false, watch, log });
  const requeued = requeue === undefined ? undefined : await putBack(session, requeue, watch.deadline);
  const result = await recoverAll(openRecovery(runtimeOf(session, log), options), {
    ...{ watch, start: from, also: options.also ?? [] },
  });
  progress.end();
  keep(checkpoint, result.checkpoint);
  const stays = result.checkpoint ? undefined : await lookAgain(session, options);
  report(session, options, {
    result,
    stays,
    imported,
    requeued,
    path: checkpoint.path,
    isInterrupted: watch.isInterrupted(),
  });
}

// What was done stands, whether it can be seen or not.
async function lookAgain(session: Session, kind: Asked): Promise<WaitingWork | undefined> {
  const { deadline } = createWatch(session.terminal, LOOK_MS);
  return waitingIn(session, kind, deadline).catch(() => undefined);
}

function waitingIn({ target }: Session, kind: Asked, deadline: Deadline): Promise<WaitingWork> {
  return findWaiting(target.store, { kind, deadline, nowMs: nodePorts.clock.now() });
}

function whatWaits(
  { holds, unknown, letters, pictures }: WaitingWork,
  { language, requeued }: { readonly language: Language; readonly requeued: number },
): string {
  const counts = [holds, unknown, letters, pictures].map(({ count }) => count);
  const [calls, unexplained, kept, uncopied] = counts.map(thousands);
  const back = {
    zh: requeued > 0 ? `，放回已隔离的备份记录 ${thousands(requeued)}` : '',
    en: requeued > 0 ? `; ${thousands(requeued)} quarantined letters put back` : '',
  }[language];
  if (language === 'zh')
    return `中断的调用 ${calls}，结果未知 ${unexplained}，备份记录 ${kept}，未转存的图片 ${uncopied}${back}`;
  return `${calls} interrupted calls, ${unexplained} unknown records, ${kept} letters, ${uncopied} pictures${back}`;
}

async function importNamed(
  session: Session,
  options: { readonly fromLog: string | undefined; readonly dryRun: boolean; readonly watch: Watch; readonly log: Log },
): Promise<LogImport | undefined> {
  const { fromLog: file, dryRun, watch, log } = options;
  if (file === undefined) return undefined;
  const { language } = session;
  return importLog(runtimeOf(session, log), { file, dryRun, language, isOver: watch.isInterrupted });
}

/** Recovery reports by its log: what it closed and what it brought home is what was done of what waits. */
function counting(log: Log, { holds, unknown, letters }: WaitingWork, progress: Progress): Log {
  const total = holds.count + unknown.count + letters.count;
  let done = 0;
  return {
    write(level, event, fields) {
      log.write(level, event, fields);
      if (event === 'once.closed' || event === 'redrive.placed') progress.step(progressBar((done += 1), total));
    },
  };
}

function keep(checkpoint: Checkpoint<GenerationCheckpoint>, stopped: GenerationCheckpoint | undefined): void {
  if (stopped) checkpoint.save(stopped);
  else checkpoint.drop();
}

interface Ended {
  readonly result: RecoveryResult;
  /** What waits after it; undefined where that is not known. */
  readonly stays: WaitingWork | undefined;
  readonly imported: LogImport | undefined;
  /** Quarantined letters that were put back; undefined where nobody asked for it. */
  readonly requeued: number | undefined;
  readonly path: string;
  readonly isInterrupted: boolean;
}

function report(
  session: Session,
  asked: Asked,
  { result, stays, imported, requeued, path, isInterrupted }: Ended,
): void {
  const { phases, passes, checkpoint } = result;
  session.finish({
    json: {
      ...{ dryRun: false, finished: !checkpoint, passes, phases },
      ...(stays ? { stays } : {}),
      ...(imported ? { log: imported } : {}),
      ...(requeued === undefined ? {} : { requeued }),
    },
    lines: () => [
      ...shownImport(imported, pageOf(session)),
      ...(requeued === undefined ? [] : [renderRequeue(requeued, { ...pageOf(session), isDone: true })]),
      ...renderRecovery(result, pageOf(session)),
      ...(stays ? renderStays(stays, asked, pageOf(session)) : []),
    ],
  });
  if (checkpoint) sayResume(session, path);
  const unreadable = (imported?.unreadable ?? 0) + (imported?.left.length ?? 0);
  session.end(codeOf(result, { isInterrupted, unreadable }));
}

function codeOf(
  { phases, checkpoint }: RecoveryResult,
  { isInterrupted, unreadable }: { readonly isInterrupted: boolean; readonly unreadable: number },
): ExitCode {
  if (isInterrupted) return exitCodes.interrupted;
  const totals = Object.values(phases);
  // A phase without an id in its failure could not read what it would have looked at.
  if (checkpoint || totals.some(({ failed }) => failed.some(({ id }) => id === ''))) return exitCodes.partial;
  return unreadable > 0 || totals.some(({ failedCount }) => failedCount > 0) ? exitCodes.problemsFound : exitCodes.ok;
}

const pageOf = ({ terminal, language, paint }: Session): Page => ({ language, paint, columns: terminal.columns });

const shownImport = (imported: LogImport | undefined, page: Page): readonly string[] =>
  imported ? [...renderImport(imported, page), ''] : [];
