import type { SectionStatus } from '../records/index.ts';
import type { ReportLanguage } from './render-findings.ts';

/** The fixed words of a report. */
interface ReportWords {
  readonly head: string;
  readonly foot: string;
  readonly overall: string;
  readonly status: Readonly<Record<SectionStatus, string>>;
  /** In place of `ok`, where results are still unknown. */
  readonly unsettled: string;
  readonly checkedAt: (moment: string, seconds: string) => string;
  readonly unknown: (section: string, why: string) => string;
  readonly section: (name: string) => string;
  readonly statistics: string;
  readonly label: Readonly<Record<FigureName, string>>;
  readonly findings: string;
  readonly andMore: (ids: string, more: string) => string;
  readonly actions: string;
  readonly nothingToDo: string;
  /** There are no records, and nobody named others. */
  readonly onlyPictures: string;
  readonly colon: string;
}

export type FigureName =
  | 'total'
  | 'successRate'
  | 'today'
  | 'unknown'
  | 'failures'
  | 'saving'
  | 'backup'
  | 'reasons'
  | 'oldest'
  | 'users'
  | 'tiers'
  | 'saveSuccess'
  | 'emergency'
  | 'consistency';

const SECTIONS: Readonly<Record<string, Readonly<Record<ReportLanguage, string>>>> = {
  works: { zh: '作品记录', en: 'works' },
  calls: { zh: '付费记录', en: 'calls' },
  backup: { zh: '紧急备份', en: 'emergency backup' },
  users: { zh: '用户数据', en: 'users' },
  tiers: { zh: '存储层级', en: 'tiers' },
  indicators: { zh: '监控指标', en: 'indicators' },
};

const sectionIn = (lang: ReportLanguage) => (name: string) =>
  (Object.hasOwn(SECTIONS, name) ? SECTIONS[name]?.[lang] : undefined) ?? name;

const line = (length: number): string => '='.repeat(length);

export const WORDS: Readonly<Record<ReportLanguage, ReportWords>> = {
  zh: {
    head: `📋 ${line(19)} 数据完整性报告 ${line(19)}`,
    foot: line(52),
    overall: '📊 总体状态',
    status: { ok: '✅ 良好', problems: '⚠️ 发现问题', unknown: '❓ 未知' },
    unsettled: '⏳ 没有错误，但有记录的结果未知',
    checkedAt: (moment, seconds) => `检查时间: ${moment}（北京时间），用时 ${seconds} 秒`,
    unknown: (section, why) => `❓ ${section}未能检查: ${why}`,
    section: sectionIn('zh'),
    statistics: '📈 数据统计:',
    label: {
      total: '总生成次数',
      successRate: '成功率',
      today: '今日活跃',
      unknown: '结果未知',
      failures: '失败原因',
      saving: '保存用时',
      backup: '紧急备份',
      reasons: '备份原因',
      oldest: '最久等待',
      users: '用户',
      tiers: '存储层级',
      saveSuccess: '保存成功率',
      emergency: '紧急备份触发率',
      consistency: '数据一致性',
    },
    findings: '🔎 检查发现:',
    andMore: (ids, more) => `${ids} 等 ${more} 个`,
    actions: '💡 建议操作:',
    onlyPictures: '💬 works 中没有记录：这次只检查了 AI 图片，没有检查你自己的付费调用',
    nothingToDo: '🎉 数据状态良好，无需特殊操作',
    colon: ': ',
  },
  en: {
    head: `📋 ${line(16)} Data integrity report ${line(16)}`,
    foot: line(52),
    overall: '📊 Overall',
    status: { ok: '✅ good', problems: '⚠️ problems found', unknown: '❓ unknown' },
    unsettled: '⏳ no errors, but some results are unknown',
    checkedAt: (moment, seconds) => `Checked at ${moment} (Beijing), in ${seconds} s`,
    unknown: (section, why) => `❓ ${section} could not be checked: ${why}`,
    section: sectionIn('en'),
    statistics: '📈 Figures:',
    label: {
      total: 'Generations',
      successRate: 'Success rate',
      today: 'Active today',
      unknown: 'Result unknown',
      failures: 'Failures',
      saving: 'Time to save',
      backup: 'Emergency backup',
      reasons: 'Why in backup',
      oldest: 'Longest wait',
      users: 'Users',
      tiers: 'Tiers',
      saveSuccess: 'Save success rate',
      emergency: 'Emergency backup rate',
      consistency: 'Consistency',
    },
    findings: '🔎 Findings:',
    andMore: (ids, more) => `${ids} and others, ${more} in all`,
    actions: '💡 What to do:',
    onlyPictures: '💬 works has no records: only pictures were looked at, not your own costly calls',
    nothingToDo: '🎉 All is well, nothing needs to be done',
    colon: ': ',
  },
};
