/** The comparison as it stands in the READMEs. */
import type { Assumptions } from './assumptions.ts';
import type { Comparison, Figures, Played } from './figures.ts';

export type Language = 'en' | 'zh';

type Both = Readonly<Record<Language, string>>;

const NAMES: Readonly<Record<string, Both>> = {
  original: { en: 'original', zh: '原方案' },
  'original + _id': { en: 'original + `_id`', zh: '原方案 + `_id`' },
  'idempotency record': { en: 'idempotency record', zh: '幂等记录' },
  'wx-durable': { en: '**wx-durable**', zh: '**wx-durable**' },
};

const ROWS: readonly (readonly [what: Both, of: (figures: Figures) => number | string])[] = [
  [{ en: 'told the final result', zh: '得知最终结果的请求' }, (one) => one.delivered],
  [{ en: '**lost**: paid, no record', zh: '**丢失**：付了费却没有记录' }, (one) => one.lost],
  [{ en: '… though told that all is well', zh: '……其中用户被告知成功' }, (one) => one.lostAfterSuccess],
  [{ en: '**duplicate** records', zh: '**重复**的记录' }, (one) => one.duplicated],
  [{ en: '**paid twice**', zh: '**重复付费**' }, (one) => one.paidTwice],
  [{ en: 'refused before paying', zh: '付费前拒绝' }, (one) => one.refused],
  [{ en: '… outside outages', zh: '……不在停机期间' }, (one) => one.refusedOutsideOutages],
  [{ en: 'paid, result never seen; the record says so', zh: '已付费而结果未知（有记录）' }, (one) => one.unknown],
  [{ en: 'kept in the log only', zh: '仅保存在日志' }, (one) => one.onlyInLog],
  [{ en: 'counters off, before repair', zh: '计数偏差，修复前' }, (one) => one.counterDriftBefore],
  [{ en: 'counters off, after repair', zh: '计数偏差，修复后' }, (one) => one.counterDriftAfter],
  [{ en: 'functions killed: by chance, at the time limit', zh: '被终止的云函数：随机、超时' }, killedOf],
  [{ en: 'database requests per call', zh: '每次调用的数据库请求' }, (one) => one.requestsPerCall.toFixed(2)],
  [{ en: '… of a call without faults, in sequence', zh: '……无故障的调用，其中先后依次' }, happyOf],
  [{ en: 'time, p50 / p99', zh: '用时 p50 / p99' }, ({ p50Ms, p99Ms }) => `${p50Ms} / ${p99Ms} ms`],
];

function killedOf({ killedByChance, killedByTimeLimit }: Figures): string {
  return `${killedByChance}, ${killedByTimeLimit}`;
}

function happyOf({ happyRequests, happyInSequence }: Figures): string {
  return `${happyRequests}, ${happyInSequence}`;
}

/** Headline, variants, assumptions and the command, as Markdown that Prettier leaves alone. */
export function renderComparison(comparison: Comparison, language: Language): string {
  const { systems, variants, command, assumptions } = comparison;
  const named = (name: string): string => NAMES[name]?.[language] ?? name;
  const head = [HEAD[language](systems[0]?.calls ?? 0), ...systems.map(({ name }) => named(name))];
  const rows = ROWS.map(([what, of]) => [what[language], ...systems.map((figures) => shown(of(figures)))]);
  return [
    table(head, rows),
    ...(variants.length > 0 ? [VARIANTS_INTRO[language], variantTable(variants, language)] : []),
    ASSUMED[language](assumptions),
    `\`\`\`sh\n${command}\n\`\`\``,
  ].join('\n\n');
}

const HEAD: Readonly<Record<Language, (calls: number) => string>> = {
  en: (calls) => `of ${shown(calls)} calls`,
  zh: (calls) => `${shown(calls)} 次调用中`,
};

const VARIANTS_INTRO: Both = {
  en: 'One assumption changed at a time, per 100,000 calls, original → **wx-durable**:',
  zh: '每次只改变一个假设，按 100,000 次调用折算，原方案 → **wx-durable**：',
};

const VARIANT_NAMES: Readonly<Record<string, Both>> = {
  '3 s': { en: 'time limit 3 s', zh: '时限 3 秒' },
  '60 s': { en: 'time limit 60 s', zh: '时限 60 秒' },
  'losses hang': { en: 'losses hang until the SDK gives up (15 s)', zh: '丢失表现为挂起，直到 SDK 放弃（15 秒）' },
  '3 s, losses hang': { en: 'both: 3 s, and losses hang', zh: '时限 3 秒且丢失表现为挂起' },
  'nobody asks again': { en: 'nobody asks again', zh: '没有人再问一次' },
  'late arrivals': { en: '0.5 % of the requests take effect 5 s late', zh: '0.5 % 的请求晚 5 秒才生效' },
  calm: { en: 'calm: a tenth or less of all faults', zh: '平静：各种故障降到十分之一以下' },
};

const VARIANT_COLUMNS: readonly (readonly [what: Both, of: (figures: Figures) => number, isCount: boolean])[] = [
  [{ en: 'lost', zh: '丢失' }, (one) => one.lost, true],
  [{ en: 'duplicates', zh: '重复' }, (one) => one.duplicated, true],
  [{ en: 'paid twice', zh: '重复付费' }, (one) => one.paidTwice, true],
  [{ en: 'timed out', zh: '超时终止' }, (one) => one.killedByTimeLimit, true],
  [{ en: 'unknown', zh: '未知' }, (one) => one.unknown, true],
  [{ en: 'refused', zh: '拒绝' }, (one) => one.refused, true],
  [{ en: 'p99 ms', zh: 'p99 毫秒' }, (one) => one.p99Ms, false],
];

function variantTable(variants: readonly Played[], language: Language): string {
  const head = ['', ...VARIANT_COLUMNS.map(([what]) => what[language])];
  const rows = variants.map(({ name, systems }) => [
    VARIANT_NAMES[name]?.[language] ?? name,
    ...VARIANT_COLUMNS.map(([, of, isCount]) => {
      const [peer, own] = systems.map((one) => shown(isCount ? Math.round((of(one) / one.calls) * 100_000) : of(one)));
      return `${peer} → **${own}**`;
    }),
  ]);
  return table(head, rows);
}

const percent = (share: number): string => `${Number((share * 100).toFixed(3))} %`;

const ASSUMED: Readonly<Record<Language, (assumed: Assumptions) => string>> = {
  en: (a) =>
    [
      `Assumed, the same for all, from the same seeds: a simulation in virtual time; ours is \`src/\` unchanged. Of every`,
      `request to the database or storage ${percent(a.requestLostShare)} never arrive and ${percent(a.answerLostShare)} lose`,
      `their answer (an error after ${a.resetMs} ms), the others take about ${a.tripMedianMs} ms (lognormal, σ ${a.tripSigma}; assumed, not`,
      `measured on CloudBase); outages take ${percent(a.outageShare)} of the time, ${a.outageMs / 1_000} s on average (half of them the whole`,
      `database); ${percent(a.killShare)} of the functions are killed at some moment, and all after ${a.functionTimeoutMs / 1_000} s; the image service takes about`,
      `${a.providerMedianMs} ms and fails in ${percent(a.providerErrorShare)}; who gets no answer asks once more with the same request id;`,
      `${percent(a.logLossShare)} of the log lines are lost. The original’s recovery runs without faults, without its limit of 100 and alone;`,
      `ours every 10 minutes beside the calls, with the same faults. Pictures are not copied. The idempotency record is`,
      `written in the manner of Powertools for AWS Lambda.`,
    ].join('\n'),
  zh: (a) =>
    [
      `假设（所有方案相同，出自同样的随机种子）：虚拟时间中的模拟，我们的一方就是未经修改的 \`src/\`。每个数据库或存储请求有`,
      `${percent(a.requestLostShare)} 未送达、${percent(a.answerLostShare)} 丢失应答（${a.resetMs} 毫秒后报错），其余约 ${a.tripMedianMs} 毫秒（对数正态，σ ${a.tripSigma}；这是假设，并非在`,
      `云开发上测得）；停机占 ${percent(a.outageShare)} 的时间，平均 ${a.outageMs / 1_000} 秒（其中一半是整个数据库）；${percent(a.killShare)} 的云函数在任意时刻被终止，超过`,
      `${a.functionTimeoutMs / 1_000} 秒的一律终止；图片服务约 ${a.providerMedianMs} 毫秒，${percent(a.providerErrorShare)} 失败；没有得到回答的人用同一请求编号再问一次；日志行丢失`,
      `${percent(a.logLossShare)}。原方案的恢复在没有故障、没有 100 条上限、没有其他活动时运行；我们的恢复每 10 分钟与调用同时运行，故障照旧。图片不转存。`,
      `「幂等记录」按 Powertools for AWS Lambda 的方式编写。`,
    ].join('\n'),
};

function shown(value: number | string): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : value;
}

// Aligned as Prettier aligns: a Chinese character is two columns wide.
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => widthOf(row[column] ?? ''))));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

function pad(cell: string, width: number, column: number): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(cell)));
  return column === 0 ? cell + space : space + cell;
}

function widthOf(text: string): number {
  return [...text].reduce(
    (sum, character) =>
      sum +
      (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(character)
        ? 2
        : 1),
    0,
  );
}
