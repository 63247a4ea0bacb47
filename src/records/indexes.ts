import { collections } from './collections.ts';

/** An index that this library's queries need at scale; the SDK cannot create one, a person does in the console. */
export interface NeededIndex {
  readonly collection: string;
  /** In this order. */
  readonly fields: readonly { readonly path: string; readonly direction: 'asc' | 'desc' }[];
  /** Never required: uniqueness is by `_id` alone, and absent values would collide. */
  readonly unique: false;
  /** What it is for. */
  readonly why: { readonly zh: string; readonly en: string };
}

const asc = (path: string) => ({ path, direction: 'asc' }) as const;
const desc = (path: string) => ({ path, direction: 'desc' }) as const;

/**
 * Every index beside `_id`, which the platform makes by itself. Each begins with the fields that a query compares for
 * equality and ends with those it walks by.
 */
export const neededIndexes: readonly NeededIndex[] = [
  {
    collection: collections.users,
    fields: [asc('openid')],
    unique: false,
    why: { zh: '每次调用：按 openid 找到用户', en: 'every call: the user of an openid' },
  },
  {
    collection: collections.users,
    fields: [asc('quota.open'), asc('_id')],
    unique: false,
    why: { zh: '恢复：找到还有未完成调用的用户', en: 'recovery: users with open calls' },
  },
  {
    collection: collections.works,
    fields: [asc('userId'), desc('createdAt'), desc('_id')],
    unique: false,
    why: { zh: '历史记录：某个用户的作品，从新到旧', en: 'history: works of a user, newest first' },
  },
  {
    collection: collections.works,
    fields: [asc('userId'), asc('status')],
    unique: false,
    why: { zh: '检查与修复：统计每个用户的已完成作品', en: 'check and repair: completed works by user' },
  },
  {
    collection: collections.works,
    fields: [asc('status'), asc('_id')],
    unique: false,
    why: { zh: '恢复：找到结果未知的记录', en: 'recovery: records whose result is unknown' },
  },
  {
    collection: collections.works,
    fields: [asc('asset.state'), asc('asset.retry.expiresAtMs'), asc('_id')],
    unique: false,
    why: {
      zh: '恢复：找到图片还没有转存的作品，最先失效的在前',
      en: 'recovery: pictures not copied yet, those that expire first',
    },
  },
  {
    collection: collections.emergencyBackup,
    fields: [asc('state'), asc('_id')],
    unique: false,
    why: { zh: '恢复：找到等待恢复的备份记录', en: 'recovery: letters that wait' },
  },
  {
    collection: collections.emergencyBackup,
    fields: [asc('userId'), asc('state'), desc('createdAt')],
    unique: false,
    why: { zh: '历史记录与修复：某个用户的备份记录', en: 'history and repair: letters of a user' },
  },
];
