import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import {
  adviceFor,
  findingText,
  renderReport,
  renderReportJson,
  renderTrend,
  renderTrendJson,
} from '../../src/integrity/index.ts';
import { FINDINGS } from '../../src/integrity/render-findings.ts';
import { percentText, numberText, widthOf } from '../../src/integrity/render-text.ts';
import type { Finding, IntegrityReport, Section } from '../../src/records/index.ts';

/** How wide the table printer of the command line takes a text to be: a measure that is not ours. */
const tableRequire = createRequire(createRequire(import.meta.url).resolve('cli-table3'));
const measured = tableRequire('string-width') as (text: string) => number;

const rate = (value: number | null, target = 0.999) => ({ rate: value, target, met: value === null ? null : true });

const GOOD: readonly Section[] = [
  {
    ...{ name: 'works', status: 'ok', findings: [] },
    figures: { total: 1234, completed: 1216, failed: 18, unknown: 0, successRate: 0.985, today: { total: 45 } },
  },
  {
    ...{ name: 'backup', status: 'ok', findings: [] },
    figures: { count: 3, needRedrive: 0, redriven: 3, quarantined: 0 },
  },
  { name: 'users', status: 'ok', findings: [], figures: { users: 150, right: 150, wrong: 0 } },
  {
    ...{ name: 'tiers', status: 'ok', findings: [] },
    figures: { works: { status: 'works' }, emergency_backup: { status: 'works' }, log: { status: 'off' } },
  },
  {
    ...{ name: 'indicators', status: 'ok', findings: [] },
    figures: { saveSuccessRate: rate(0.99999), emergencyBackupRate: rate(0.0004, 0.001), consistencyRate: rate(1) },
  },
];

function reportOf(sections: readonly Section[], status: IntegrityReport['status'] = 'ok'): IntegrityReport {
  const startedAt = new Date(Date.UTC(2026, 10, 22, 4));
  const finishedAt = new Date(startedAt.getTime() + 1_234);
  return { _id: '20261122040000_aaaaaaaa', schemaVersion: 1, startedAt, finishedAt, status, sections };
}

const problem = (kind: string, count: number, ids: readonly string[] = []): Finding => ({
  kind,
  weight: 'problem',
  count,
  ids,
});

const BAD = reportOf(
  [
    { ...(GOOD[0] as Section), status: 'problems', findings: [problem('completed-without-picture', 1, ['w_1'])] },
    {
      ...{ name: 'backup', status: 'unknown', figures: { count: 0 }, findings: [] },
      error: { code: 'STORE_UNAVAILABLE', message: '[STORE_UNAVAILABLE] page "emergency_backup" was refused' },
    },
    { ...(GOOD[2] as Section), status: 'problems', findings: [problem('generate-count-wrong', 1_050, ['u_1', 'u_2'])] },
  ],
  'unknown',
);

describe('renderReport', () => {
  it('says in the form that operators know that all is well', () => {
    expect(renderReport(reportOf(GOOD))).toBe(
      [
        '📋 =================== 数据完整性报告 ===================',
        '📊 总体状态: ✅ 良好',
        '   检查时间: 2026-11-22 12:00（北京时间），用时 1.2 秒',
        '',
        '📈 数据统计:',
        '   总生成次数: 1,234',
        '   成功率: 98.5%',
        '   今日活跃: 45 次',
        '   紧急备份: 3 条（待恢复 0，已恢复 3，隔离 0）',
        '   用户: 150 位（计数不一致 0）',
        '   存储层级: works ✅  emergency_backup ✅  log ➖',
        '   保存成功率: 99.9% (≥ 99.9%) ✅',
        '   紧急备份触发率: <0.1% (≤ 0.1%) ✅',
        '   数据一致性: 100.0% (≥ 99.9%) ✅',
        '',
        '💡 建议操作:',
        '   🎉 数据状态良好，无需特殊操作',
        '====================================================',
      ].join('\n'),
    );
  });

  it('says first which section is unknown and why, and nowhere that anything is well', () => {
    const text = renderReport(BAD);
    expect(text.split('\n').slice(1, 3)).toEqual([
      '📊 总体状态: ❓ 未知',
      '   ❓ 紧急备份未能检查: STORE_UNAVAILABLE 数据库暂时不可用，请稍后再试',
    ]);
    expect(text).not.toMatch(/良好|紧急备份: 0|🎉/);
    expect(renderReport(BAD, { lang: 'en' }).replaceAll(/\s+/g, ' ')).toContain('page "emergency_backup" was refused');
    expect(renderReport(BAD, { lang: 'en' })).not.toMatch(/good|well/);
  });

  it('never says well while a section is unknown, even where nothing else was found', () => {
    const unknown: Section = { name: 'tiers', status: 'unknown', figures: {}, findings: [] };
    for (const lang of ['zh', 'en'] as const) {
      expect(renderReport(reportOf([unknown], 'unknown'), { lang })).not.toMatch(/良好|good|🎉/);
    }
  });

  it('names what was found with its first ids, its number, and the command for it', () => {
    const text = renderReport(BAD);
    expect(text).toContain('   ❌ 1,050 位用户的 generateCount 与作品数不一致\n      u_1, u_2 等 1,050 个');
    expect(text).toContain('   👉 wx-durable repair users');
    expect(text).toContain('   👉 wx-durable explain w_1');
    expect(renderReport(BAD, { lang: 'en' })).toContain('users whose generateCount differs from their works: 1,050');
  });

  it('tells why calls failed, how long saving took, and why and how long letters wait', () => {
    const byErrorCode = { PROVIDER_FAILED: 1_200, none: 1, INPUT_INVALID: 3, PROVIDER_UNCERTAIN: 2 };
    const saves = { measured: 9, attempts: 12, retried: 3, p50Ms: 24, p95Ms: 1_044 };
    const byReason = [
      { name: 'works_collection_save_failed', count: 2 },
      { name: '\u001b[2J', count: 1 },
    ];
    const report = reportOf([
      { name: 'works', status: 'ok', findings: [], figures: { total: 1, byErrorCode, saves } },
      { name: 'backup', status: 'ok', findings: [], figures: { count: 3, byReason, oldestWaitingMs: 5_400_000 } },
    ]);
    const zh = renderReport(report);
    expect(zh).toContain('失败原因: PROVIDER_FAILED 1,200, INPUT_INVALID 3, PROVIDER_UNCERTAIN 2 …');
    expect(zh).toContain('保存用时: p50 24 ms, p95 1,044 ms（3 条经过重试）');
    expect(zh).toContain('备份原因: works_collection_save_failed 2, ?[2J 1');
    expect(zh).toContain('最久等待: 1.5 小时');
    const young = { count: 1, byReason, oldestWaitingMs: 59_001 };
    const backup: Section = { name: 'backup', status: 'ok', findings: [], figures: young };
    expect(renderReport(reportOf([backup]))).toContain('最久等待: 1 分钟');
    expect(renderReport(reportOf([backup]), { lang: 'en' })).toContain('Longest wait: 1 min');
    const en = renderReport(report, { lang: 'en' });
    expect(en).toMatch(/Failures: PROVIDER_FAILED 1,200.*Time to save: p50 24 ms.*Longest wait: 1.5 h/s);
  });

  it('names a collection that does not exist, and the command that makes it', () => {
    const error = { code: 'STORE_NOT_FOUND', message: '[STORE_NOT_FOUND] page "works": the collection …' } as const;
    const report = reportOf([{ name: 'works', status: 'unknown', figures: {}, findings: [], error }], 'unknown');
    expect(renderReport(report)).toContain('❓ 作品记录未能检查: STORE_NOT_FOUND 集合 works 不存在');
    expect(adviceFor(report).map(({ command }) => command)).toEqual(['wx-durable init', 'wx-durable check']);
  });

  it('is never wider than 80 columns, whatever it says', () => {
    const ids = Array.from({ length: 20 }, (_, n) => `${'长'.repeat(n)}w_0123456789abcdef0123456789abcdef`);
    const all = Object.keys(FINDINGS).map((kind) => problem(kind, 1_234_567, ids));
    const long = { code: 'STORE_UNCERTAIN', message: `[STORE_UNCERTAIN] ${'long '.repeat(60)}` } as const;
    const unknown: Section = { name: '未'.repeat(60), status: 'unknown', figures: {}, findings: [], error: long };
    for (const lang of ['zh', 'en'] as const) {
      const text = renderReport(reportOf([...GOOD, { ...(GOOD[0] as Section), findings: all }, unknown], 'unknown'), {
        lang,
      });
      for (const line of text.split('\n')) {
        expect(measured(line), line).toBeLessThanOrEqual(80);
        expect(widthOf(line), line).toBeLessThanOrEqual(80);
      }
    }
  });

  it('prints nothing out of documents that could move a cursor, hide, or run in a shell', () => {
    const ids = ['\u001b[2J\u202etxt', 'w_1\n✅ 良好', '$(rm -rf ~)'];
    const report = reportOf([{ ...(GOOD[0] as Section), findings: [problem('work-malformed', 3, ids)] }], 'problems');
    const text = renderReport(report);
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(text.split('\n').filter((line) => line.includes('良好'))).toEqual([
      '      ?[2J?txt, w_1?✅ 良好, $(rm -rf ~)',
    ]);
    expect(text).toContain('👉 wx-durable explain <id>');
  });

  it('shows a report of sections that it does not know, and figures that are missing', () => {
    const strange: Section = { name: 'constructor', status: 'ok', figures: {}, findings: [problem('toString', 2)] };
    const text = renderReport(reportOf([strange, ...GOOD.map((section) => ({ ...section, figures: {} }))], 'problems'));
    expect(text).toContain('❌ toString: 2');
    expect(text).toContain('总生成次数: -');
  });
});

describe('a report in which nothing is wrong, and yet not all is known', () => {
  const works = GOOD[0] as Section;
  const waiting: Finding = { kind: 'unknown-waiting', weight: 'note', count: 2, ids: ['w_1', 'w_2'] };

  it.each(['works', 'calls'])('is not called good while results are unknown (%s)', (name) => {
    const report = reportOf([{ ...works, name, findings: [waiting] }]);
    expect(renderReport(report)).toContain('没有错误，但有记录的结果未知');
    expect(renderReport(report)).not.toMatch(/良好|🎉/);
    expect(renderReport(report, { lang: 'en' })).not.toMatch(/good|well/);
    expect(adviceFor(report)).toMatchObject([{ command: 'wx-durable recover' }]);
  });

  it('says that only pictures were looked at, where there are none, and how to name what there is', () => {
    const empty = reportOf([{ ...works, figures: { ...works.figures, total: 0 } }]);
    expect(renderReport(empty).replaceAll(/\n +/g, '')).toContain('只检查了 AI 图片');
    expect(renderReport(empty)).toContain('wx-durable check --records <collection>');
    expect(renderReport(empty)).not.toContain('🎉');
    expect(renderReport(empty, { lang: 'en' })).toContain('only pictures were looked at');
    for (const lang of ['zh', 'en'] as const) {
      const widths = renderReport(empty, { lang }).split('\n').map(measured);
      expect(Math.max(...widths)).toBeLessThanOrEqual(80);
    }
    expect(renderReport(reportOf([{ ...works, name: 'calls', figures: { total: 0 } }]))).not.toContain('只检查了');
  });
});

describe('the advice for letters that wait', () => {
  const waiting = problem('letters-waiting', 1, ['n_1_1']);
  const place = (name: string, isCall = false) => ({ name, isCall, count: 1 });
  const calls: Section = {
    ...{ name: 'calls', status: 'ok', findings: [] },
    figures: { total: 1, collections: { records: 'orders', accounts: 'members' } },
  };
  const commands = (waitingIn: readonly ReturnType<typeof place>[], others: readonly Section[] = []) => {
    const backup: Section = { name: 'backup', status: 'problems', figures: { waitingIn }, findings: [waiting] };
    return adviceFor(reportOf([...others, backup], 'problems')).map(({ command }) => command);
  };

  it.each<[string, readonly string[], readonly string[]]>([
    ['a note', commands([place('notes')]), ['wx-durable recover --also notes']],
    ['two kinds of notes', commands([place('notes'), place('tags')]), ['wx-durable recover --also notes,tags']],
    ['a picture', commands([place('works', true)]), ['wx-durable recover']],
    ['an order', commands([place('orders', true)]), ['wx-durable recover --records orders']],
    [
      'an order and a picture',
      commands([place('orders', true), place('works', true)]),
      ['wx-durable recover', 'wx-durable recover --records orders'],
    ],
    [
      'its own order, and a note',
      commands([place('orders', true), place('notes')], [calls]),
      ['wx-durable recover --records orders --accounts members --also notes'],
    ],
    ['a picture, beside orders', commands([place('works', true)], [calls]), ['wx-durable recover']],
    ['a name that is none', commands([place('x; rm')]), ['wx-durable recover']],
  ])('names the command that brings home %s', (_what, found, expected) => {
    expect(found).toEqual(expected);
  });
});

describe('adviceFor', () => {
  it('names each command once, and the record of a letter rather than the letter', () => {
    const findings = [
      problem('letters-quarantined', 1, ['w_0123_1_0123456789abcdef']),
      problem('letters-waiting', 1, ['w_2_1']),
      problem('hold-stale', 1, ['w_3']),
    ];
    const report = reportOf([{ name: 'backup', status: 'problems', figures: {}, findings }], 'problems');
    expect(adviceFor(report).map(({ command }) => command)).toEqual([
      'wx-durable explain w_0123',
      'wx-durable recover',
    ]);
  });

  it('is empty where nothing was found, and says to check again where something is unknown', () => {
    expect(adviceFor(reportOf(GOOD))).toEqual([]);
    expect(adviceFor(reportOf([], 'unknown')).map(({ command }) => command)).toEqual(['wx-durable check']);
  });
});

describe('the texts of findings', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const kinds = sources.flatMap((name) => {
    const text = readFileSync(`src/${name}`, 'utf8');
    const tables = [...text.matchAll(/_FINDINGS = \{([^}]*)\} as const satisfies Weights/g)];
    return tables.flatMap(([, table = '']) =>
      [...table.matchAll(/'([\w-]+)': '(?:problem|note)'/g)].map(([, kind]) => kind ?? ''),
    );
  });

  it('are there for every kind that any section can find, in both languages, and for no other', () => {
    expect(new Set(kinds).size).toBeGreaterThan(30);
    expect(Object.keys(FINDINGS).sort()).toEqual([...new Set(kinds)].sort());
    for (const kind of kinds) {
      expect(findingText(kind, '7', 'zh'), kind).toMatch(/[\u4e00-\u9fff]/);
      expect(findingText(kind, '7', 'en'), kind).toMatch(/^[ -~]+$/);
      expect(FINDINGS[kind]?.zh.includes('{n}'), kind).toBe(FINDINGS[kind]?.en.includes('{n}'));
    }
  });
});

describe('renderReportJson', () => {
  it('is one object with its version, its moments as texts, and the advice', () => {
    const { sections } = BAD;
    expect(JSON.parse(renderReportJson(BAD))).toMatchObject({
      schemaVersion: 1,
      _id: '20261122040000_aaaaaaaa',
      status: 'unknown',
      startedAt: '2026-11-22T04:00:00.000Z',
      sections: JSON.parse(JSON.stringify(sections)) as unknown,
      advice: [
        { command: 'wx-durable explain w_1' },
        { command: 'wx-durable repair users' },
        { command: 'wx-durable check' },
      ],
    });
  });
});

describe('the trend', () => {
  it('sets reports side by side, and leaves open what a report does not know', () => {
    expect(renderTrend([reportOf(GOOD), BAD]).split('\n')).toEqual([
      '检查时间（北京）  状态     作品   成功率  待恢复  计数不符  问题',
      '2026-11-22 12:00  ✅ 良好  1,234  98.5%   0       0         0',
      '2026-11-22 12:00  ❓ 未知  1,234  98.5%   -       0         2',
    ]);
  });

  it('fits 80 columns in both languages, with a million works', () => {
    const [works, backup, users] = GOOD.map((section) => ({ ...section, status: 'problems' as const }));
    const large = reportOf(
      [
        { ...(works as Section), figures: { total: 1_234_567, successRate: 0.5 } },
        { ...(backup as Section), figures: { needRedrive: 123_456 } },
        { ...(users as Section), figures: { wrong: 123_456 } },
      ],
      'problems',
    );
    for (const lang of ['zh', 'en'] as const) {
      const lines = renderTrend([BAD, large], { lang }).split('\n');
      expect(Math.max(...lines.map((line) => measured(line)))).toBeLessThanOrEqual(80);
      expect(lines[2]).toContain('1,234,567');
    }
  });

  it('is an object with its version for a machine', () => {
    expect(JSON.parse(renderTrendJson([BAD]))).toMatchObject({
      schemaVersion: 1,
      points: [{ status: 'unknown', works: 1234, lettersToRedrive: null, problems: 2 }],
    });
  });
});

describe('numbers', () => {
  it.each([
    [1_234_567, '1,234,567'],
    [999, '999'],
    [-1_234, '-1,234'],
    [null, '-'],
    [NaN, '-'],
  ])('%s is %s', (value, text) => expect(numberText(value)).toBe(text));

  it.each([
    [0.985, '98.5%'],
    [0.99999, '99.9%'],
    [1, '100.0%'],
    [0, '0.0%'],
    [0.0002, '<0.1%'],
    [null, '-'],
  ])('the rate %s is %s', (value, text) => expect(percentText(value)).toBe(text));
});
