import { codeFacts } from '../core/index.ts';
import type { Finding, IntegrityReport, Section } from '../records/index.ts';
import { adviceFor, hasNoRecords, isUnsettled } from './advice.ts';
import { figureLines } from './render-figures.ts';
import { ACTIONS, findingText, type ReportLanguage } from './render-findings.ts';
import { momentText, numberText, shown, wrapped } from './render-text.ts';
import { WORDS } from './render-words.ts';

export interface RenderOptions {
  /** @default 'zh' */
  readonly lang?: ReportLanguage;
}

const INDENT = '   ';
const SHOWN_IDS = 3;

/**
 * A report for a person: at most 80 columns of plain text, without colours. A section that could not look at
 * everything is said before all else, and nothing is called good then.
 */
export function renderReport(report: IntegrityReport, { lang = 'zh' }: RenderOptions = {}): string {
  const words = WORDS[lang];
  const { startedAt, finishedAt, sections } = report;
  const seconds = Math.max(0, (finishedAt.getTime() - startedAt.getTime()) / 1_000).toFixed(1);
  const figures = figureLines(sections, lang).flatMap((line) => wrapped(line, INDENT));
  const found = sections.flatMap(({ findings }) => findings).flatMap((finding) => findingLines(finding, lang));
  return [
    words.head,
    `${words.overall}${words.colon}${isUnsettled(report) ? words.unsettled : words.status[report.status]}`,
    ...unknownLines(sections, lang),
    ...wrapped(words.checkedAt(momentText(startedAt), seconds), INDENT),
    ...(figures.length > 0 ? ['', words.statistics, ...figures] : []),
    ...(found.length > 0 ? ['', words.findings, ...found] : []),
    '',
    ...(hasNoRecords(report) ? [...wrapped(words.onlyPictures, INDENT), ''] : []),
    words.actions,
    ...adviceLines(report, lang),
    words.foot,
  ].join('\n');
}

/** A report for a machine: one JSON object with `schemaVersion`, and what to do about it. */
export function renderReportJson(report: IntegrityReport): string {
  return JSON.stringify({ ...report, advice: adviceFor(report) }, null, 2);
}

function unknownLines(sections: readonly Section[], lang: ReportLanguage): readonly string[] {
  const words = WORDS[lang];
  return sections
    .filter(({ status }) => status === 'unknown')
    .flatMap(({ name, error }) => {
      // Ours are "[CODE] what happened": the sentence for those who read English, the code's own text for the others.
      const why = error && (lang === 'zh' ? `${error.code} ${reasonOf(error)}` : shown(error.message, 160));
      return wrapped(words.unknown(shown(words.section(name)), why ?? '-'), INDENT);
    });
}

// Those who read this are whom the code's own text would send people to: they are told which collection it is.
function reasonOf({ code, message }: NonNullable<Section['error']>): string {
  const missing = code === 'STORE_NOT_FOUND' ? /"([\w-]+)"/.exec(message)?.[1] : undefined;
  return missing === undefined ? codeFacts(code).zh : `集合 ${missing} 不存在`;
}

function findingLines({ kind, weight, count, ids }: Finding, lang: ReportLanguage): readonly string[] {
  const text = findingText(kind, numberText(count), lang);
  const some = ids
    .slice(0, SHOWN_IDS)
    .map((id) => shown(id))
    .join(', ');
  const named = count > SHOWN_IDS ? WORDS[lang].andMore(some, numberText(count)) : some;
  return [
    ...wrapped(`${weight === 'problem' ? '❌' : '💬'} ${text}`, INDENT),
    ...(some === '' ? [] : wrapped(named, `${INDENT}${INDENT}`)),
  ];
}

function adviceLines(report: IntegrityReport, lang: ReportLanguage): readonly string[] {
  const advice = adviceFor(report);
  if (advice.length > 0) return advice.flatMap((each) => wrapped(`👉 ${each.command}  ${each[lang]}`, INDENT));
  return [INDENT + (report.status === 'ok' ? WORDS[lang].nothingToDo : `👉 ${ACTIONS.check.command}`)];
}
