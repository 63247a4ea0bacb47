import type { Clock, Log } from '../index.ts';

/** Texts for people, as the operators of this kind of system know them; the event name is for machines. */
const MESSAGES: Readonly<Record<string, string>> = {
  'write.stored': '✅ 作品记录保存成功',
  'write.duplicate': '✅ 记录已存在，无需重复保存',
  'write.attempt-failed': '❌ 作品记录保存失败',
  'write.dead-lettered': '💾 紧急备份记录已保存',
  'write.sealed': '💾 记录已加密写入日志',
  'write.lost': '❌ 所有保存途径均失败',
};

/**
 * One JSON line per event on standard output, in the form CloudBase's log service indexes. A line never
 * breaks: JSON escapes newlines and control characters, and U+2028/2029 are escaped here.
 */
export function createConsoleLog(clock: Clock): Log {
  return {
    write(level, event, fields = {}) {
      const line = { time: new Date(clock.now()).toISOString(), level, event, message: MESSAGES[event], ...fields };
      console.log(escapeLine(JSON.stringify(line)));
    },
  };
}

function escapeLine(line: string): string {
  return line.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029').replaceAll('\u001b', '\\u001b');
}
