import type { Deadline } from '../../core/index.ts';
import { requeueLetters } from '../../durable/index.ts';
import { collections } from '../../records/index.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Session } from '../session.ts';

/** How many letters `--requeue` names; rejects with exit code 4 where the one that it names is not set aside. */
export async function countQuarantined({ target, language }: Session, which: string, deadline: Deadline) {
  const where = { state: 'quarantined', ...(which === 'all' ? {} : { _id: which }) };
  const count = await target.store.count(collections.emergencyBackup, where, { deadline });
  if (count > 0 || which === 'all') return count;
  const text = {
    zh: `没有已隔离的备份记录 ${which}`,
    en: `there is no quarantined letter ${which}`,
  };
  throw new CommandFailure(exitCodes.notFound, text[language]);
}

/** Puts back the letters that `--requeue` names; answers how many. */
export async function putBack({ target }: Session, which: string, deadline: Deadline): Promise<number> {
  const letterId = which === 'all' ? undefined : which;
  return (await requeueLetters(target.store, { deadLetters: collections.emergencyBackup, letterId, deadline })).count;
}
