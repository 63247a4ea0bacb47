import { describe, expect, test } from 'vitest';
import { planAlerts, type RunOutcome } from '../../src/service/alert-plan.ts';
import type { Code } from '../../src/core/index.ts';
import type { Section } from '../../src/records/index.ts';

const plan = (outcome: Partial<RunOutcome>, language?: 'zh' | 'en') =>
  planAlerts({ source: 'recoverFromBackup', atMs: 5, endedWell: true, ...outcome }, language);
const severities = (outcome: Partial<RunOutcome>) =>
  Object.fromEntries(plan(outcome).map(({ key, severity }) => [key, severity]));

const failing = (code: Code, count: number) => Array.from({ length: count }, (_, n) => ({ id: `w_${n}`, code }));

const section = (name: string, more: Partial<Section>): Section => ({
  name,
  status: 'ok',
  figures: {},
  findings: [],
  ...more,
});

describe('the alerts of a run', () => {
  test('a run that failed is a fault, with the code and what it means; one that ended well resolves it', () => {
    expect(plan({ failure: 'STORE_UNAVAILABLE' })).toEqual([
      {
        key: 'recoverFromBackup.failed',
        severity: 'fault',
        title: 'recoverFromBackup 运行失败',
        lines: ['STORE_UNAVAILABLE：数据库暂时不可用，请稍后再试'],
        atMs: 5,
      },
    ]);
    expect(severities({})).toEqual({ 'recoverFromBackup.failed': 'resolved' });
    expect(severities({ endedWell: false })).toEqual({});
  });

  test('records that could not be handled are told by phase, counted by code, without their ids', () => {
    const failed = [
      ...Array.from({ length: 3 }, (_, n) => ({ id: `w_${n}`, code: 'LETTER_INVALID' }) as const),
      { id: 'w_9', code: 'STORE_REJECTED' } as const,
      { id: 'w_10', code: 'STORE_UNAVAILABLE' } as const,
    ];
    const [, alert] = plan({ walks: { letters: { failed } } });
    expect(alert).toMatchObject({
      key: 'recoverFromBackup.letters',
      severity: 'warning',
      title: 'recoverFromBackup（letters）有 4 条记录未能处理',
      lines: ['3 × LETTER_INVALID：备份记录无法识别', '1 × STORE_REJECTED：数据库拒绝了请求'],
    });
    expect(JSON.stringify(alert)).not.toContain('w_');
  });

  test.each<[string, Partial<RunOutcome>, string | undefined]>([
    ['whole and clean: over', { walks: { holds: { failed: [] } } }, 'resolved'],
    ['stopped half-way: nothing is known', { walks: { holds: { failed: [], checkpoint: { id: 'u' } } } }, undefined],
    [
      'gone on with: nothing is known of its beginning',
      { walks: { holds: { failed: [], isResumed: true } } },
      undefined,
    ],
    [
      'records missed for a passing reason: neither told nor over',
      { walks: { holds: { failed: [{ id: 'u_1', code: 'STORE_THROTTLED' }] } } },
      undefined,
    ],
    [
      'of which nothing was done, for passing reasons, five times and more: told',
      { walks: { letters: { done: 0, failed: failing('STORE_UNAVAILABLE', 5) } } },
      'warning',
    ],
    [
      'as bad, but something was done: neither told nor over',
      { walks: { letters: { done: 1, failed: failing('STORE_UNAVAILABLE', 5) } } },
      undefined,
    ],
    [
      'without time for any: neither told nor over',
      { walks: { letters: { done: 0, failed: failing('DEADLINE_PASSED', 9) } } },
      undefined,
    ],
    [
      'a phase that could not be read at all: told',
      { walks: { holds: { failed: [{ id: '', code: 'STORE_UNAVAILABLE' }] } } },
      'warning',
    ],
    [
      'out of time: nothing is known',
      { walks: { holds: { failed: [{ id: '', code: 'DEADLINE_PASSED' }] } } },
      undefined,
    ],
    ['a phase that was not reached: nothing is known', { walks: { holds: undefined } }, undefined],
  ])('a walk that was %s', (_what, outcome, severity) => {
    const { 'recoverFromBackup.holds': holds, 'recoverFromBackup.letters': letters } = severities(outcome);
    expect(holds ?? letters).toBe(severity);
  });

  test('sections: problems are a fault with their counts, unknown is a warning and never well, ok resolves', () => {
    const findings = [
      { kind: 'completed-without-picture', weight: 'problem', count: 3, ids: ['w_1'] },
      { kind: 'old', weight: 'note', count: 9, ids: [] },
    ] as const;
    const sections = [
      section('works', { status: 'problems', findings }),
      section('users', { status: 'unknown', error: { code: 'STORE_UNAVAILABLE', message: 'secret detail' } }),
      section('backup', {}),
    ];
    const alerts = plan({ source: 'checkDataIntegrity', sections });
    expect(alerts.slice(1)).toMatchObject([
      {
        key: 'check.works',
        severity: 'fault',
        title: '数据检查「works」发现问题',
        lines: ['completed-without-picture：3', '详情见 integrity_reports 中最新的报告'],
      },
      { key: 'check.users', severity: 'warning', title: '数据检查「users」无法完成，结果未知' },
      { key: 'check.backup', severity: 'resolved' },
    ]);
    expect(JSON.stringify(alerts)).not.toMatch(/w_1|secret detail/);
  });

  test('overdue jobs are faults that say since when; the known ones that are on time resolve theirs', () => {
    const jobs = {
      known: ['recovery', 'daily-check'],
      overdue: [{ name: 'daily-check', why: 'silent', sinceMs: 125 * 60_000 }],
    } as const;
    expect(plan({ jobs }).slice(1)).toMatchObject([
      { key: 'job.recovery.overdue', severity: 'resolved' },
      { key: 'job.daily-check.overdue', severity: 'fault', lines: ['触发器已 125 分钟没有触发'] },
    ]);
  });

  test('missing collections are a fault with the command that makes them', () => {
    expect(plan({ missingCollections: ['durable_jobs'] })[1]).toMatchObject({
      severity: 'fault',
      lines: ['durable_jobs', '运行 wx-durable init 创建'],
    });
    expect(severities({ missingCollections: [] })['collections.missing']).toBe('resolved');
    expect(severities({})['collections.missing']).toBeUndefined();
  });

  test('English is complete where it is chosen', () => {
    const outcome: Partial<RunOutcome> = {
      failure: 'INTERNAL',
      walks: { holds: { failed: [{ id: '', code: 'INTERNAL' }] } },
      sections: [section('a', { status: 'problems' }), section('b', { status: 'unknown' })],
      jobs: { known: [], overdue: [{ name: 'j', why: 'never', sinceMs: 0 }] },
      missingCollections: ['x'],
    };
    expect(plan(outcome, 'en')).toHaveLength(6);
    expect(JSON.stringify(plan(outcome, 'en'))).not.toMatch(/\p{Script=Han}/u);
  });
});
