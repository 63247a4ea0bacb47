import { asDurableError, DurableError, type Code, type Deadline, type Plain } from '../core/index.ts';
import { storeReport } from '../integrity/index.ts';
import type { Job } from '../jobs/index.ts';
import type { IntegrityReport, SectionStatus } from '../records/index.ts';
import { createIntegrityCheck, readSectionNames, type IntegrityCheckOptions } from './integrity-check.ts';
import { createMaintenance, maintenanceTask, type MaintenanceCall, type TaskReport } from './maintenance.ts';
import { maintenanceJobs } from './maintenance-jobs.ts';
import type { Runtime } from './runtime.ts';

/** What an administrator who asked for a check is told. */
export interface CheckAnswer {
  readonly status: SectionStatus;
  /** False: there was no time for all of it, and what was not looked at is `unknown`; the timer's checks go on. */
  readonly finished: boolean;
  readonly report: IntegrityReport;
  /** Present where a whole report was to be stored and could not be: what was found is told all the same. */
  readonly notStored?: Code;
}

/** Of a check that goes on nothing is said: what was not looked at yet is no news. */
const NOTHING_YET: TaskReport = { shown: {} };

/** Time kept for storing the report. */
const REPORT_MS = 5_000;

/**
 * The cloud function `checkDataIntegrity`: every day a check, every week one that asks storage for every picture, in
 * as many invocations as it takes. The finished report is stored in `integrity_reports`, and the configured groups are
 * told. Administrators: `{ action: 'check', deep?, sections? }` looks now, as far as one invocation gets; a whole
 * report of all sections is stored as well.
 */
export function createCheckDataIntegrity(runtime: Runtime) {
  const tasks = [
    checkTask(runtime, maintenanceJobs.dailyCheck, {}),
    checkTask(runtime, maintenanceJobs.weeklyCheck, { deep: true }),
  ];
  return createMaintenance(runtime, {
    source: 'checkDataIntegrity',
    tasks,
    actions: { check: (call) => checkNow(runtime, call) },
  });
}

function checkTask(runtime: Runtime, job: Job, options: IntegrityCheckOptions) {
  return maintenanceTask<Plain>({
    job,
    // The check knows its own state, and begins anew from any other.
    readCheckpoint: (stored) => (typeof stored === 'object' && stored !== null ? (stored as Plain) : undefined),
    async work({ checkpoint, deadline, save }) {
      const check = createIntegrityCheck(runtime, options);
      const { state, finished } = await check.advance(checkpoint, beforeReport(deadline), save);
      const report = check.report(state);
      const { sections } = report;
      if (!finished) {
        return { checkpoint: state, summary: summaryOf(report, 'unfinished'), report: NOTHING_YET };
      }
      // What took hours to find is not to be looked for again because its report could not be stored.
      await save(state);
      await storeReport(runtime, report, deadline);
      return {
        summary: summaryOf(report, report.status),
        report: {
          shown: { reportId: report._id, sections: sections.map(brief) },
          told: { sections },
        } satisfies TaskReport,
      };
    },
  });
}

async function checkNow(runtime: Runtime, { event, deadline }: MaintenanceCall): Promise<CheckAnswer> {
  const { deep = false, sections } = event;
  if (typeof deep !== 'boolean') {
    throw new DurableError('INPUT_INVALID', '`deep` is true or false', {
      details: { field: 'deep', zh: 'deep 应为 true 或 false' },
    });
  }
  const names = sections === undefined ? undefined : readSectionNames(sections);
  const check = createIntegrityCheck(runtime, { deep, sections: names });
  const { state, finished } = await check.advance(undefined, beforeReport(deadline));
  const report = check.report(state);
  const notStored = finished && names === undefined ? await keep(runtime, report, deadline) : undefined;
  return { status: report.status, finished, report, ...(notStored ? { notStored } : {}) };
}

// Somebody waits for what was found, and the database that is looked at is the one that would keep it.
async function keep(runtime: Runtime, report: IntegrityReport, deadline: Deadline): Promise<Code | undefined> {
  try {
    await storeReport(runtime, report, deadline);
    return undefined;
  } catch (error) {
    const { code } = asDurableError(error);
    runtime.log.write('error', 'check.report-not-stored', { reportId: report._id, code });
    return code;
  }
}

// Of a short invocation half is for looking.
function beforeReport(deadline: Deadline): Deadline {
  return deadline.minus(Math.min(REPORT_MS, Math.max(0, deadline.remainingMs() / 2)));
}

const brief = ({ name, status }: { readonly name: string; readonly status: SectionStatus }) => ({ name, status });

function summaryOf({ _id, sections }: IntegrityReport, status: SectionStatus | 'unfinished'): Plain {
  const findings = sections.flatMap((section) => section.findings.filter(({ weight }) => weight === 'problem'));
  return {
    status,
    reportId: _id,
    unknown: sections.filter((section) => section.status === 'unknown').length,
    problems: findings.reduce((sum, { count }) => sum + count, 0),
  };
}
