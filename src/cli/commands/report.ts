import { InvalidArgumentError, type Command } from 'commander';
import { createDeadline } from '../../core/index.ts';
import { latestReports, renderReport, renderTrend, trendOf } from '../../integrity/index.ts';
import type { IntegrityReport } from '../../records/index.ts';
import { exitCodes } from '../exit-codes.ts';
import { withExamples } from '../help-text.ts';
import { withCloudOptions, type CloudOptions } from '../options.ts';
import { paintReport } from '../paint-report.ts';
import { runtimeOf } from '../runtime.ts';
import { openSession, type Session } from '../session.ts';
import type { CommandContext } from '../terminal.ts';

interface ReportOptions extends CloudOptions {
  readonly limit: number;
  readonly full?: boolean;
}

const READ_MS = 30_000;

/** Adds `wx-durable report`: the stored integrity reports side by side, newest first. */
export function addReportCommand(program: Command, context: CommandContext): void {
  const command = program.command('report').description('历次检查的趋势 (the stored reports side by side)');
  withCloudOptions(command)
    .option('--limit <count>', '多少份，1 到 100 (how many reports)', parseLimit, 10)
    .option('--full', '并显示最近一份的全文 (and the newest in full)')
    .action(async (_options, self: Command) => {
      const options = self.optsWithGlobals<ReportOptions>();
      await report(await openSession('report', options, context), options);
    });
  withExamples(command, ['report', 'report --env-id my-env-123 --limit 30 --json'], {
    ...{ 0: '有报告 shown', 4: '还没有报告 none yet' },
  });
}

function parseLimit(value: string): number {
  const limit = Number(value);
  if (/^\d+$/.test(value) && limit >= 1 && limit <= 100) return limit;
  throw new InvalidArgumentError('1 到 100 的整数 (a whole number from 1 to 100)');
}

async function report(session: Session, { limit, full = false }: ReportOptions): Promise<void> {
  const runtime = runtimeOf(session, session.log);
  const deadline = createDeadline(runtime.clock, runtime.clock.now() + READ_MS);
  const { reports } = await latestReports(runtime, { deadline, limit });
  session.finish({
    json: { points: trendOf(reports), ...(full ? { latest: reports[0] ?? null } : {}) },
    lines: () => (reports.length === 0 ? [NONE[session.language]] : shown(session, reports, full)),
  });
  session.end(reports.length === 0 ? exitCodes.notFound : exitCodes.ok);
}

function shown(
  { language: lang, paint }: Session,
  reports: readonly IntegrityReport[],
  full: boolean,
): readonly string[] {
  const [latest] = reports;
  const trend = renderTrend(reports, { lang }).split('\n');
  return full && latest ? [...trend, '', ...paintReport(renderReport(latest, { lang }), paint)] : trend;
}

const NONE = { zh: '还没有检查报告，请先运行 wx-durable check', en: 'there are no reports yet; run wx-durable check' };
