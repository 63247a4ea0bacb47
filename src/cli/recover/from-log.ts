import { createReadStream } from 'node:fs';
import { isDurableError } from '../../core/index.ts';
import { createLogLetters, type LogLetters } from '../../durable/index.ts';
import { sealsOf, type Runtime } from '../../service/index.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Language } from '../language.ts';
import { logParts } from './log-parts.ts';

/** What an exported log held. */
export interface LogImport {
  readonly lines: number;
  /** Sealed letters that could be read, duplicates included. */
  readonly letters: number;
  /** Put into `emergency_backup`, from where recovery brings them home; 0 in a dry run. */
  readonly admitted: number;
  /** Were there already, or stood in the log twice. */
  readonly known: number;
  /** Altered, cut off by the log service, or sealed under another key. */
  readonly unreadable: number;
  /** Lines, by their number from 1, that hold a word longer than any letter: from there on they were left out. */
  readonly left: readonly number[];
}

interface ImportOptions {
  readonly file: string;
  readonly dryRun: boolean;
  readonly language: Language;
  /** Nothing further is read once this says so. */
  isOver(): boolean;
}

/** Reads sealed letters out of exported log lines and puts each one tier up; any number of times. */
export async function importLog(runtime: Runtime, options: ImportOptions): Promise<LogImport> {
  const { file, dryRun, language, isOver } = options;
  const letters = openLetters(runtime, language);
  const sums = { lines: 0, letters: 0, admitted: 0, known: 0, unreadable: 0 };
  const left: number[] = [];
  let hadTokens = false;
  try {
    for await (const { text, line, isRest } of logParts(createReadStream(file, 'utf8'))) {
      if (isOver()) break;
      sums.lines = line;
      if (text === undefined) left.push(line);
      const tokens = letters.tokensIn(text ?? '', isRest && hadTokens);
      hadTokens = tokens.length > 0 || (isRest && hadTokens);
      for (const token of tokens) await take(letters, { token, dryRun }, sums);
    }
  } catch (cause) {
    throw isFileError(cause) ? unreadableFile(file, { language, cause }) : cause;
  }
  return { ...sums, left };
}

async function take(
  letters: LogLetters,
  { token, dryRun }: { readonly token: string; readonly dryRun: boolean },
  sums: { letters: number; admitted: number; known: number; unreadable: number },
): Promise<void> {
  let letter;
  try {
    letter = letters.read(token);
  } catch (error) {
    if (!isDurableError(error, 'LETTER_INVALID')) throw error;
    sums.unreadable += 1;
    return;
  }
  sums.letters += 1;
  if (!dryRun) sums[await letters.admit(letter)] += 1;
}

function openLetters(runtime: Runtime, language: Language): LogLetters {
  const { seal, previousSeals } = sealsOf(runtime);
  if (!seal) throw withoutKey(language);
  return createLogLetters({ store: runtime.store, hash: runtime.hash, seal, previousSeals });
}

const isFileError = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && ['open', 'read'].includes(String(error.syscall));

function withoutKey(language: Language): CommandFailure {
  const text = {
    zh: '日志中的记录是加密的：请设置与云函数相同的 WX_DURABLE_KEY',
    en: 'records in the log are sealed: set WX_DURABLE_KEY as the functions have it',
  };
  return new CommandFailure(exitCodes.denied, text[language]);
}

function unreadableFile(file: string, { language, cause }: { language: Language; cause: unknown }): CommandFailure {
  const text = { zh: `读不到日志文件 ${file}`, en: `the log file ${file} cannot be read` };
  return new CommandFailure(exitCodes.file, text[language], { cause });
}
