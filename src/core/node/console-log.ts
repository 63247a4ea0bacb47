import { printable, type Clock, type Log } from '../index.ts';

/**
 * Texts for people, as the operators of this kind of system know them; the event name is for machines. An event may
 * have a text of its own for one `collection`, which is what was tried.
 */
const MESSAGES: Readonly<Record<string, string>> = {
  'write.stored': '✅ 作品记录保存成功',
  'write.duplicate': '✅ 记录已存在，无需重复保存',
  'write.attempt-failed works': '❌ 作品记录保存失败',
  'write.attempt-failed emergency_backup': '❌ 紧急备份保存失败',
  'write.attempt-failed storage': '❌ 备份文件保存失败',
  'write.attempt-failed pictures': '❌ 图片保存失败',
  'write.attempt-failed': '❌ 数据操作失败',
  'write.dead-lettered': '💾 紧急备份记录已保存',
  'write.sealed': '💾 记录已加密写入日志',
  'write.lost': '❌ 所有保存途径均失败',
};

/**
 * One JSON line per event on standard output, in the form CloudBase's log service indexes. A line never breaks, and
 * moves no cursor where it is shown: JSON escapes the older control characters, and the others are escaped here.
 */
export function createConsoleLog(clock: Clock): Log {
  return {
    write(level, event, fields = {}) {
      const message = MESSAGES[`${event} ${String(fields['collection'])}`] ?? MESSAGES[event];
      const line = { time: new Date(clock.now()).toISOString(), level, event, message, ...fields };
      console.log(printable(JSON.stringify(line)));
    },
  };
}
