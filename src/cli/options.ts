import { InvalidArgumentError, type Command } from 'commander';
import { collections } from '../records/index.ts';
import type { TargetOptions } from './target.ts';

/** What every command that speaks to a cloud is given. */
export interface CloudOptions extends TargetOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly lang: string;
}

/** Which cloud, and how the result is printed. */
export function withCloudOptions(command: Command): Command {
  return command
    .option('--local [url]', '本地云，默认 (the local cloud; this is the default)')
    .option('--env-id <id>', '真实的云开发环境 (a real environment)')
    .option('--json', '结果为一个 JSON 对象 (one JSON object)')
    .option('--verbose', '在标准错误输出日志 (log to standard error)');
}

/** Which kind of costly call: where its records are, and the accounts that pay. */
export interface KindOptions {
  readonly records: string;
  readonly accounts: string;
}

/** Whether these are the collections of pictures, whose records and counters have rules of their own. */
export function isPictures({ records, accounts }: KindOptions): boolean {
  return records === collections.works && accounts === collections.users;
}

/** For commands that look at calls of any kind; the pictures' is the default. */
export function withKindOptions(command: Command): Command {
  return command
    .option('--records <collection>', '付费记录的集合 (collection of the records)', parseCollection, collections.works)
    .option('--accounts <collection>', '付费账户的集合 (… of the accounts)', parseCollection, collections.users);
}

/** For a command that writes into other collections than those of the calls, as far as they are named. */
export function withAlsoOption(command: Command): Command {
  return command.option(
    '--also <collections>',
    '也恢复这些用 write 写入的集合，以逗号分隔 (… and what write put there)',
    (value: string, before: readonly string[] = []) => [...before, ...value.split(',').map(parseCollection)],
  );
}

/** Whether a name may be a collection's in an option, and in a command that is suggested. */
export function isCollectionName(name: string): boolean {
  return /^[A-Za-z][\w-]{0,63}$/.test(name);
}

function parseCollection(name: string): string {
  if (isCollectionName(name)) return name;
  throw new InvalidArgumentError('集合名只含字母、数字、_ 与 - (a collection is letters, digits, _ and -)');
}

/** For commands that write. */
export function withWriteOptions(command: Command): Command {
  return command
    .option('--yes', '写入真实环境时不再询问 (do not ask before writing)')
    .option('--dry-run', '只显示将做什么 (only show what would be done)');
}

export interface WalkOptions {
  /** Seconds. */
  readonly timeLimit: number;
  readonly resume?: boolean;
}

/** For commands that walk through many documents. */
export function withWalkOptions(command: Command): Command {
  return command
    .option('--time-limit <seconds>', '最长运行时间，秒 (seconds it may run)', parseSeconds, 600)
    .option('--resume', '从上次停下的地方继续 (go on where the last run stopped)');
}

function parseSeconds(value: string): number {
  const seconds = Number(value);
  if (/^\d+$/.test(value) && seconds >= 1 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('时间是 1 到 86400 的整数秒 (1 to 86400 whole seconds)');
}
