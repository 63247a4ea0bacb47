/** For whom a report is. @default 'zh' */
export type ReportLanguage = 'zh' | 'en';

type Text = Readonly<Record<ReportLanguage, string>>;

/** What a person does about a finding. `{id}` is the first id of the finding. */
export const ACTIONS = {
  init: { command: 'wx-durable init', zh: '创建缺少的集合', en: 'create the missing collections' },
  doctor: { command: 'wx-durable doctor', zh: '检查部署与权限', en: 'look at deployment and permissions' },
  recover: { command: 'wx-durable recover', zh: '恢复备份与未完成的调用', en: 'bring letters home, finish open calls' },
  repair: { command: 'wx-durable repair users', zh: '修复用户计数', en: 'make the counters right' },
  prune: { command: 'wx-durable prune --dry-run', zh: '查看清理计划', en: 'see what would be removed' },
  check: { command: 'wx-durable check', zh: '稍后再检查一次', en: 'check again later' },
  explain: { command: 'wx-durable explain {id}', zh: '查看来龙去脉', en: 'see its whole story' },
} as const satisfies Readonly<Record<string, Text & { readonly command: string }>>;

export type ActionName = keyof typeof ACTIONS;

export interface FindingFacts extends Text {
  /** Absent: nothing needs to be done. */
  readonly action?: ActionName;
}

/** Texts for people about every kind of finding; `{n}` is how many there are. */
export const FINDINGS: Readonly<Record<string, FindingFacts>> = {
  // works
  'work-malformed': {
    zh: '{n} 条作品记录缺少字段或格式不正确',
    en: 'works with missing or wrong fields: {n}',
    action: 'explain',
  },
  'status-strange': {
    zh: '{n} 条记录的状态不在状态机之内',
    en: 'records with a status that does not exist: {n}',
    action: 'explain',
  },
  'completed-without-picture': {
    zh: '{n} 条记录已完成却没有图片',
    en: 'works completed without a picture: {n}',
    action: 'explain',
  },
  'created-in-future': {
    zh: '{n} 条记录的创建时间在未来',
    en: 'records created in the future: {n}',
    action: 'doctor',
  },
  'user-missing': { zh: '{n} 条记录没有所属用户', en: 'records that name no user: {n}', action: 'explain' },
  'user-unknown': {
    zh: '{n} 条记录的用户不存在',
    en: 'records of users who do not exist: {n}',
    action: 'explain',
  },
  'intent-twice': {
    zh: '{n} 次请求留下了不止一条记录',
    en: 'requests that left more than one record: {n}',
    action: 'explain',
  },
  'hold-stale': {
    zh: '{n} 次调用早已过期却没有结束',
    en: 'calls that expired long ago and were never closed: {n}',
    action: 'recover',
  },
  'hold-expired': {
    zh: '{n} 次调用被中断，租约已到期，等待恢复',
    en: 'interrupted calls whose lease is over, to be recovered: {n}',
    action: 'recover',
  },
  'unknown-overdue': {
    zh: '{n} 条记录超过 24 小时仍然结果未知',
    en: 'records still unknown after 24 hours: {n}',
    action: 'recover',
  },
  'picture-lost': {
    zh: '{n} 张图片未能转存，只剩会过期的地址',
    en: 'pictures that could not be copied before their address expires: {n}',
    action: 'explain',
  },
  'picture-not-copied': {
    zh: '{n} 张图片超过 1 小时仍未转存',
    en: 'pictures not copied after an hour: {n}',
    action: 'recover',
  },
  'file-missing': {
    zh: '{n} 张图片的文件在云存储中不存在',
    en: 'picture files missing in cloud storage: {n}',
    action: 'explain',
  },
  'unknown-waiting': {
    zh: '{n} 条记录结果未知，正在等待核对',
    en: 'unknown records that wait to be resolved: {n}',
    action: 'recover',
  },
  'picture-pending': { zh: '{n} 张图片等待转存', en: 'pictures that wait to be copied: {n}' },
  'picture-of-older-record': {
    zh: '{n} 条旧记录的图片没有转存',
    en: 'pictures of older works that were never copied: {n}',
  },
  // calls
  'record-missing': {
    zh: '{n} 次已结清的调用找不到记录，也没有备份',
    en: 'closed calls with neither a record nor a letter: {n}',
    action: 'explain',
  },
  'call-malformed': {
    zh: '{n} 条记录缺少字段或格式不正确',
    en: 'records with missing or wrong fields: {n}',
    action: 'explain',
  },
  'open-count-wrong': {
    zh: '{n} 个账户的 quota.open 与未结束的调用数不一致，恢复任务可能找不到它们',
    en: 'accounts whose quota.open is not the number of their open calls, so that recovery may miss them: {n}',
    action: 'doctor',
  },
  'record-of-others': { zh: '{n} 条记录不是由 once 写入的', en: 'records that were not written by once: {n}' },
  // users
  'generate-count-wrong': {
    zh: '{n} 位用户的 generateCount 与作品数不一致',
    en: 'users whose generateCount differs from their works: {n}',
    action: 'repair',
  },
  'daily-usage-wrong': {
    zh: '{n} 位用户的今日用量与作品数不一致',
    en: 'users whose daily usage differs from their works: {n}',
    action: 'recover',
  },
  'credits-negative': { zh: '{n} 位用户的积分小于零', en: 'users with less than zero credits: {n}', action: 'doctor' },
  'user-malformed': {
    zh: '{n} 位用户的文档字段已损坏',
    en: 'user documents with broken fields: {n}',
    action: 'doctor',
  },
  'user-busy': {
    zh: '{n} 位用户正在使用，本次未能核对',
    en: 'users who were busy and could not be compared: {n}',
    action: 'check',
  },
  // backup
  'missing-collection': { zh: '缺少 {n} 个集合', en: 'collections that do not exist: {n}', action: 'init' },
  'letters-waiting': {
    zh: '{n} 条备份记录等待恢复',
    en: 'letters that wait to be brought home: {n}',
    action: 'recover',
  },
  'letters-overdue': {
    zh: '{n} 条备份记录等待超过 1 小时，请检查恢复任务',
    en: 'letters that have waited for over an hour (is recovery running?): {n}',
    action: 'recover',
  },
  'letters-malformed': { zh: '{n} 条备份记录无法识别', en: 'letters that cannot be read: {n}', action: 'explain' },
  'letters-unknown-key': {
    zh: '{n} 条备份记录无法用现有密钥验证（检查 WX_DURABLE_PREVIOUS_KEYS）',
    en: 'letters that fit no known key (see WX_DURABLE_PREVIOUS_KEYS): {n}',
    action: 'doctor',
  },
  'letters-quarantined': {
    zh: '{n} 条备份记录多次恢复失败，已隔离',
    en: 'letters set aside after failing again and again: {n}',
    action: 'explain',
  },
  'letters-strange-state': {
    zh: '{n} 条备份记录的状态不在状态机之内',
    en: 'letters in a state that does not exist: {n}',
    action: 'explain',
  },
  'letters-unkeyed': { zh: '{n} 条备份记录写于启用密钥之前', en: 'letters older than the key: {n}' },
  'letters-older-form': { zh: '{n} 条备份记录是旧格式', en: 'letters in the older flat form: {n}' },
  // tiers
  'tier-down': {
    zh: '{n} 个存储层级无法写入或读回',
    en: 'tiers that cannot be written or read back: {n}',
    action: 'doctor',
  },
  'tier-off': { zh: '{n} 个存储层级没有启用', en: 'tiers that are not set up: {n}' },
  'canary-left': {
    zh: '{n} 条检查用的记录没能删除，下次检查会删除',
    en: 'test records left for the next check to remove: {n}',
  },
  // indicators
  'save-success-below-target': {
    zh: '保存成功率低于目标',
    en: 'the save success rate is below its target',
    action: 'doctor',
  },
  'backup-rate-above-target': {
    zh: '紧急备份触发率高于目标',
    en: 'the emergency backup rate is above its target',
    action: 'doctor',
  },
  'consistency-below-target': {
    zh: '数据一致性低于目标',
    en: 'the consistency rate is below its target',
    action: 'repair',
  },
  // retention
  'letter-copy-missing': {
    zh: '{n} 条已恢复的备份找不到原记录，予以保留',
    en: 'recovered letters kept, since they have no final record: {n}',
    action: 'explain',
  },
  'letter-copy-differs': {
    zh: '{n} 条已恢复的备份与原记录内容不同，予以保留',
    en: 'recovered letters kept, since they differ from their record: {n}',
    action: 'explain',
  },
  'letter-unreadable': {
    zh: '{n} 条已恢复的备份无法验证，予以保留',
    en: 'recovered letters kept, since they cannot be verified: {n}',
    action: 'doctor',
  },
  'letter-file-differs': {
    zh: '{n} 条备份在云存储中的副本内容不同，予以保留',
    en: 'recovered letters kept, since their file in storage differs: {n}',
    action: 'explain',
  },
};

/** What a finding says, in a person's language; a kind without a text says its name. */
export function findingText(kind: string, count: string, lang: ReportLanguage): string {
  const facts = Object.hasOwn(FINDINGS, kind) ? FINDINGS[kind] : undefined;
  return (facts?.[lang] ?? `${kind}: {n}`).replace('{n}', count);
}

export function actionFor(kind: string): ActionName | undefined {
  return Object.hasOwn(FINDINGS, kind) ? FINDINGS[kind]?.action : undefined;
}
