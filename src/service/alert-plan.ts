import { codeFacts, type Code } from '../core/index.ts';
import type { Overdue } from '../jobs/index.ts';
import type { Alert, Language } from '../notify/index.ts';
import type { Section } from '../records/index.ts';

/** What one run of a maintenance function came to, as far as somebody should hear of it. */
export interface RunOutcome {
  /** Which function ran, e.g. `recoverFromBackup`; names its alerts. */
  readonly source: string;
  readonly atMs: number;
  /** The run itself ended with this error. */
  readonly failure?: Code | undefined;
  /** Some job of it ran to the end of its time without an error; else nothing is known of the run. @default false */
  readonly endedWell?: boolean;
  /** Walks over records, by phase. */
  readonly walks?: Readonly<Partial<Record<string, WalkOutcome>>> | undefined;
  /** Sections of a finished check. */
  readonly sections?: readonly Section[] | undefined;
  /** All jobs that were looked at, and those of them that are overdue. */
  readonly jobs?: { readonly known: readonly string[]; readonly overdue: readonly Overdue[] } | undefined;
  /** Collections that were looked for and do not exist; empty: all do. */
  readonly missingCollections?: readonly string[] | undefined;
}

/** A `WalkReport`, as far as it matters here. */
export interface WalkOutcome {
  /** Records that something was done about. */
  readonly done?: number;
  readonly failed: readonly { readonly id: string; readonly code: Code }[];
  readonly checkpoint?: unknown;
  /** It went on from where nothing proves that the part before was well; so a clean end proves nothing. @default false */
  readonly isResumed?: boolean;
}

interface Words {
  runFailed(source: string): string;
  walk(source: string, phase: string, count: number): string;
  problems(section: string): string;
  unknown(section: string): string;
  overdue(job: string): string;
  missing: string;
  code(code: Code): string;
  finding(kind: string, count: number): string;
  readonly why: Readonly<Record<Overdue['why'], (minutes: number) => string>>;
  readonly seeReport: string;
  readonly seeInit: string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  zh: {
    runFailed: (source) => `${source} 运行失败`,
    walk: (source, phase, count) => `${source}（${phase}）有 ${count} 条记录未能处理`,
    problems: (section) => `数据检查「${section}」发现问题`,
    unknown: (section) => `数据检查「${section}」无法完成，结果未知`,
    overdue: (job) => `定时任务 ${job} 没有按时运行`,
    missing: '缺少数据集合',
    code: (code) => `${code}：${codeFacts(code).zh}`,
    finding: (kind, count) => `${kind}：${count}`,
    why: {
      never: () => '从未运行，请检查是否已上传触发器；没有部署该函数时，用 WX_DURABLE_FUNCTIONS 列出已部署的函数',
      silent: (minutes) => `触发器已 ${minutes} 分钟没有触发`,
      behind: (minutes) => `触发器正常，但任务已 ${minutes} 分钟未能完成`,
    },
    seeReport: '详情见 integrity_reports 中最新的报告',
    seeInit: '运行 wx-durable init 创建',
  },
  en: {
    runFailed: (source) => `${source} failed`,
    walk: (source, phase, count) => `${source} (${phase}) could not handle ${count} records`,
    problems: (section) => `check "${section}" found problems`,
    unknown: (section) => `check "${section}" could not be finished; its result is unknown`,
    overdue: (job) => `job ${job} did not run in time`,
    missing: 'collections are missing',
    code: (code) => code,
    finding: (kind, count) => `${kind}: ${count}`,
    why: {
      never: () =>
        'it never ran; see whether its trigger was uploaded (or name what is deployed in WX_DURABLE_FUNCTIONS)',
      silent: (minutes) => `its trigger has not fired for ${minutes} minutes`,
      behind: (minutes) => `its trigger fires, but it has not been done for ${minutes} minutes`,
    },
    seeReport: 'see the newest report in integrity_reports',
    seeInit: 'wx-durable init creates them',
  },
};

/**
 * The alerts of a run, and a `resolved` for every condition that was looked for and not found; pure. What was not
 * looked at, or only in part, is in neither: nothing is called well that was not seen to be.
 */
export function planAlerts(outcome: RunOutcome, language: Language = 'zh'): readonly Alert[] {
  const words = WORDS[language];
  const facts = [
    ...runFacts(outcome, words),
    ...walkFacts(outcome, words),
    ...(outcome.sections ?? []).map((section) => sectionFact(section, words)),
    ...jobFacts(outcome, words),
    ...missingFacts(outcome, words),
  ];
  return facts.map((fact) => ({ ...fact, atMs: outcome.atMs }));
}

type Fact = Omit<Alert, 'atMs'>;

const over = (key: string): Fact => ({ key, severity: 'resolved', title: '', lines: [] });

function runFacts({ source, failure, endedWell = false }: RunOutcome, words: Words): readonly Fact[] {
  const key = `${source}.failed`;
  if (failure === undefined) return endedWell ? [over(key)] : [];
  return [{ key, severity: 'fault', title: words.runFailed(source), lines: [words.code(failure)] }];
}

function walkFacts({ source, walks = {} }: RunOutcome, words: Words): readonly Fact[] {
  return Object.entries(walks).flatMap(([phase, walk]): Fact[] => {
    if (!walk) return [];
    const key = `${source}.${phase}`;
    const failed = failuresToTell(walk);
    const title = words.walk(source, phase, failed.length);
    if (failed.length > 0) return [{ key, severity: 'warning', title, lines: codeLines(failed, words) }];
    const isWhole = walk.failed.length === 0 && walk.checkpoint === undefined && !walk.isResumed;
    return isWhole ? [over(key)] : [];
  });
}

/** So many that fail in passing, and none that was done, are no accident: the place they belong to is out of order. */
const OUTAGE = 5;

function failuresToTell({ done, failed }: WalkOutcome): WalkOutcome['failed'] {
  const lasting = failed.filter(isLasting);
  if (lasting.length > 0 || done !== 0) return lasting;
  const passing = failed.filter(({ code }) => code !== 'DEADLINE_PASSED');
  return passing.length >= OUTAGE ? passing : [];
}

// A record that could not be reached this time is tried again in the next run; a walk that could not be read at all
// (it names no record) is told.
function isLasting({ id, code }: WalkOutcome['failed'][number]): boolean {
  if (code === 'DEADLINE_PASSED') return false;
  return id === '' || ['caller', 'fault'].includes(codeFacts(code).category);
}

const MAX_CODES = 5;

function codeLines(failed: WalkOutcome['failed'], words: Words): readonly string[] {
  const counts = new Map<Code, number>();
  for (const { code } of failed) counts.set(code, (counts.get(code) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a).slice(0, MAX_CODES);
  return sorted.map(([code, count]) => `${count} × ${words.code(code)}`);
}

const MAX_FINDINGS = 8;

// Ids stay in the report: a group of a third party is no place for them.
function sectionFact({ name, status, findings, error }: Section, words: Words): Fact {
  const key = `check.${name}`;
  if (status === 'ok') return over(key);
  const problems = findings.filter(({ weight }) => weight === 'problem').slice(0, MAX_FINDINGS);
  const lines = [
    ...(error ? [words.code(error.code)] : []),
    ...problems.map(({ kind, count }) => words.finding(kind, count)),
    words.seeReport,
  ];
  if (status === 'unknown') return { key, severity: 'warning', title: words.unknown(name), lines };
  return { key, severity: 'fault', title: words.problems(name), lines };
}

const MINUTE_MS = 60_000;

function jobFacts({ jobs }: RunOutcome, words: Words): readonly Fact[] {
  const overdue = new Map(jobs?.overdue.map((job) => [job.name, job]));
  const names = new Set([...(jobs?.known ?? []), ...overdue.keys()]);
  return [...names].map((name) => {
    const key = `job.${name}.overdue`;
    const late = overdue.get(name);
    if (!late) return over(key);
    const lines = [words.why[late.why](Math.floor(late.sinceMs / MINUTE_MS))];
    return { key, severity: 'fault', title: words.overdue(name), lines };
  });
}

function missingFacts({ missingCollections: missing }: RunOutcome, words: Words): readonly Fact[] {
  const key = 'collections.missing';
  if (!missing) return [];
  if (missing.length === 0) return [over(key)];
  return [{ key, severity: 'fault', title: words.missing, lines: [missing.join(', '), words.seeInit] }];
}
