import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type * as z from 'zod/mini';
import { canonicalJson, parseCanonical } from '../core/index.ts';
import { CommandFailure, exitCodes } from './exit-codes.ts';
import type { Language } from './language.ts';
import type { Session } from './session.ts';

/** Where the last run of a command on this target stopped; a file in this folder. */
export interface Checkpoint<T> {
  readonly path: string;
  /** What was saved; throws with exit code 6 where nothing was, or something else than this command saves. */
  read(): T;
  save(position: unknown): void;
  /** The walk is over: there is nothing to go on from. */
  drop(): void;
}

/** The checkpoint of a command on the session's target, in the form that the command saves. */
export function openCheckpoint<T>(
  command: string,
  { target, language }: Session,
  form: z.ZodMiniType<T>,
): Checkpoint<T> {
  const place = target.name.replace(/[^\w-]+/g, '-');
  const path = join('.wx-durable', 'resume', `${command}-${place}.json`);
  return {
    path,
    read() {
      const { success, data, error } = form.safeParse(readSaved(path, language));
      if (success) return data;
      throw unusable(path, error, language);
    },
    save(position) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${canonicalJson(position)}\n`);
    },
    drop: () => rmSync(path, { force: true }),
  };
}

/** Tells where a run stopped and how to go on. */
export function sayResume({ terminal, language }: Session, path: string): void {
  terminal.say(language === 'zh' ? `断点已保存到 ${path}，加 --resume 继续` : `saved ${path}; go on with --resume`);
}

function readSaved(path: string, language: Language): unknown {
  try {
    return parseCanonical(readFileSync(path, 'utf8'));
  } catch (cause) {
    const text = { zh: `没有可继续的断点 ${path}`, en: `there is nothing to resume at ${path}` };
    throw new CommandFailure(exitCodes.file, text[language], { cause });
  }
}

function unusable(path: string, error: z.core.$ZodError, language: Language): CommandFailure {
  const where = error.issues[0]?.path.join('.') || 'JSON';
  const text = {
    zh: `断点文件 ${path} 无法使用（${where}）：请删除它，不加 --resume 重新开始`,
    en: `the checkpoint ${path} cannot be used (${where}): remove it and start without --resume`,
  };
  return new CommandFailure(exitCodes.file, text[language], { cause: error });
}
