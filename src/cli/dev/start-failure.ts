import { isDurableError } from '../../core/index.ts';
import { CommandFailure, exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Language } from '../language.ts';

interface Place {
  readonly dir: string;
  readonly port: number;
  readonly language: Language;
}

interface Explanation {
  readonly exitCode: ExitCode;
  readonly zh: string;
  readonly en: string;
}

/** Why a local cloud did not start, in one sentence with what to do; what cannot be explained comes back as it is. */
export function explainStartFailure(error: unknown, { dir, port, language }: Place): unknown {
  const found =
    explainPort(error, port) ?? explainLock(error, dir) ?? explainDamage(error, dir) ?? explainFolder(error, dir);
  if (found === undefined) return error;
  return new CommandFailure(found.exitCode, found[language], { cause: error });
}

function explainPort(error: unknown, port: number): Explanation | undefined {
  if (!(error instanceof Error)) return undefined;
  if (!('code' in error) || error.code !== 'EADDRINUSE') return explainPort(error.cause, port);
  return {
    exitCode: exitCodes.failed,
    zh: `端口 ${port} 已被占用，请用 --port 换一个`,
    en: `port ${port} is taken; choose another with --port`,
  };
}

/** The local cloud names the process that holds its data folder. */
function explainLock(error: unknown, dir: string): Explanation | undefined {
  if (!isDurableError(error, 'CONFIG_INVALID') || !('pid' in error.details)) return undefined;
  return {
    exitCode: exitCodes.locked,
    zh: `数据目录 ${dir} 正被另一个本地云开发使用，请先停止它，或用 --dir 换一个`,
    en: `the data folder ${dir} is in use by another local cloud; stop it, or choose another with --dir`,
  };
}

/** The local cloud tells where its log is damaged. */
function explainDamage(error: unknown, dir: string): Explanation | undefined {
  if (!isDurableError(error, 'INTERNAL') || !('position' in error.details)) return undefined;
  const { seq, position } = error.details as { seq: number; position: number };
  return {
    exitCode: exitCodes.file,
    zh: `数据目录 ${dir} 的日志已损坏（第 ${seq} 条，第 ${position} 字节）：请从备份恢复该目录，或用 --dir 换一个`,
    en: `the log of the data folder ${dir} is damaged (entry ${seq}, byte ${position}): restore the folder from a copy, or choose another with --dir`,
  };
}

const NO_FOLDER = ['EEXIST', 'ENOTDIR', 'EACCES', 'EROFS', 'ENOENT', 'EPERM'];

function explainFolder(error: unknown, dir: string): Explanation | undefined {
  if (!(error instanceof Error) || !('code' in error) || !NO_FOLDER.includes(String(error.code))) return undefined;
  return {
    exitCode: exitCodes.file,
    zh: `无法使用数据目录 ${dir}，请用 --dir 指定一个可写的目录`,
    en: `the data folder ${dir} cannot be used; name a writable folder with --dir`,
  };
}
