import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson, parseCanonical } from '../core/index.ts';
import { CommandFailure, exitCodes } from './exit-codes.ts';
import type { Session } from './session.ts';

/** Where the last run of a command on this target stopped; a file in this folder. */
export interface Checkpoint {
  readonly path: string;
  /** What was saved; rejects with exit code 6 where nothing was. */
  read(): unknown;
  save(position: unknown): void;
  /** The walk is over: there is nothing to go on from. */
  drop(): void;
}

/** The checkpoint of a command on the session's target. */
export function openCheckpoint(command: string, { target, language }: Session): Checkpoint {
  const place = target.name.replace(/[^\w-]+/g, '-');
  const path = join('.wx-durable', 'resume', `${command}-${place}.json`);
  return {
    path,
    read() {
      try {
        return parseCanonical(readFileSync(path, 'utf8'));
      } catch (cause) {
        const text = { zh: `没有可继续的断点 ${path}`, en: `there is nothing to resume at ${path}` };
        throw new CommandFailure(exitCodes.file, text[language], { cause });
      }
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
