/**
 * The judge of a history: did anybody lose anything? Pure, over plain data, so that the simulation and the real SDK
 * over a broken wire are judged alike. Linear in the number of commits, calls and records.
 */
import type { Document } from '../../../src/store/index.ts';
import { judgeAccounts } from './judge-accounts.ts';
import { judgeInstants } from './judge-instants.ts';
import { judgeOpenings } from './judge-openings.ts';
import { judgeRecords } from './judge-records.ts';
import { createFindings, type Findings } from './findings.ts';
import type { Answer, Commit, Stored, Truth, Verdict } from './truth.ts';

export interface JudgeOptions {
  /** Which request a record in `works` is of, for systems that name their records otherwise. @default its `_id` */
  readonly keyOf?: (work: Document) => string;
}

/**
 * Judges what is stored at the end against what was paid, told and deleted, and, where there is a log of commits, every
 * instant on the way. Answers every rule that was broken, in words.
 */
export function judge(
  truth: Truth,
  stored: Stored,
  log?: readonly Commit[],
  { keyOf = (work) => work._id }: JudgeOptions = {},
): Verdict {
  const findings = createFindings();
  const works = worksByKey(truth, stored, keyOf);
  judgeRecords({ truth, stored, works }, findings);
  judgeAccounts({ truth, stored, works }, findings);
  if (log) judgeInstants(truth, log, { findings, keyOf });
  if (log) judgeOpenings(truth, log, findings);
  return verdictOf(truth, works, findings);
}

function worksByKey(truth: Truth, { works }: Stored, keyOf: (work: Document) => string) {
  const foreign = new Set(truth.foreignWorks ?? []);
  const byKey = new Map<string, Document[]>();
  for (const work of works) {
    if (foreign.has(work._id)) continue;
    const key = keyOf(work);
    byKey.set(key, [...(byKey.get(key) ?? []), work]);
  }
  return byKey;
}

type WorksByKey = ReadonlyMap<string, readonly Document[]>;

function verdictOf(truth: Truth, works: WorksByKey, findings: Findings): Verdict {
  const paid = new Set(truth.paid.map(({ key }) => key));
  const ends = { delivered: 0, refused: 0, unknown: 0, onlyInLog: 0 };
  for (const [key, answers] of answersByKey(truth)) ends[endOf(answers, paid.has(key) || works.has(key))] += 1;
  return {
    violations: findings.violations,
    lost: findings.lost.size,
    duplicated: [...works.values()].reduce((sum, records) => sum + records.length - 1, 0),
    paidTwice: findings.paidTwice.size,
    ...ends,
  };
}

function answersByKey({ answers }: Truth): ReadonlyMap<string, readonly Answer[]> {
  const byKey = new Map<string, Answer[]>();
  for (const answer of answers) byKey.set(answer.key, [...(byKey.get(answer.key) ?? []), answer]);
  return byKey;
}

function endOf(answers: readonly Answer[], wasBegun: boolean): 'delivered' | 'refused' | 'unknown' | 'onlyInLog' {
  const finals = answers.flatMap(({ said }) => (said.kind === 'final' ? [said] : []));
  if (finals.some(({ savedIn }) => savedIn !== 'log')) return 'delivered';
  if (finals.length > 0) return 'onlyInLog';
  return wasBegun ? 'unknown' : 'refused';
}

export type * from './truth.ts';
