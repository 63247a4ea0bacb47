import { collections } from '../../records/index.ts';
import type { Deadline } from '../../core/index.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import { callsAmong, type Asked } from './waiting.ts';

const OURS: readonly string[] = Object.values(collections);

/**
 * Rejects with exit code 3 where `--also` names a collection that recovery must not write to letter by letter: the
 * library's own, the accounts', or one with letters of costly calls, whose holds only their own recovery knows.
 */
export async function assertAlso(session: Session, asked: Asked, deadline: Deadline): Promise<void> {
  const { also = [], accounts } = asked;
  const { target, language } = session;
  const wrong = also.find((name) => OURS.includes(name) || name === accounts);
  if (wrong !== undefined) {
    const text = {
      zh: `--also 不能是 ${wrong}：只写用 write 写入的集合`,
      en: `--also cannot be ${wrong}: it names collections of plain writes`,
    };
    throw new CommandFailure(exitCodes.usage, text[language]);
  }
  const others = also.filter((name) => name !== asked.records);
  const calls = await callsAmong(target.store, others, deadline);
  if (calls === undefined) return;
  const text = {
    zh: `${calls} 中有付费调用的备份记录：请改用 --records ${calls}（及其 --accounts）`,
    en: `letters of costly calls wait for ${calls}: name it with --records ${calls} (and its --accounts)`,
  };
  throw new CommandFailure(exitCodes.usage, text[language]);
}
