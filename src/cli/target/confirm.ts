import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Language } from '../language.ts';
import type { Terminal } from '../terminal.ts';

interface Confirmation {
  readonly terminal: Terminal;
  readonly language: Language;
  readonly envId: string;
  /** What is about to be written, for a person. */
  readonly what: string;
  readonly yes: boolean | undefined;
}

/** Has a person type the environment's id before it is written to; rejects where that does not happen. */
export async function confirmWrite({ terminal, language, envId, what, yes }: Confirmation): Promise<void> {
  if (yes) return;
  if (!terminal.isInteractive) throw nobodyToAsk(envId, language);
  terminal.say(
    language === 'zh' ? `即将写入环境 ${envId}：${what}` : `about to write to environment ${envId}: ${what}`,
  );
  const question = language === 'zh' ? '输入环境 ID 以确认：' : 'type the id of the environment to confirm: ';
  if ((await terminal.ask(question)).trim() !== envId) throw declined(language);
}

function nobodyToAsk(envId: string, language: Language): CommandFailure {
  const text = {
    zh: `写入环境 ${envId} 需要确认，而这里不是终端。确定要写入时请加 --yes`,
    en: `writing to environment ${envId} needs a confirmation, and this is no terminal; if you mean it, add --yes`,
  };
  return new CommandFailure(exitCodes.usage, text[language]);
}

function declined(language: Language): CommandFailure {
  const text = { zh: '已取消，没有写入任何数据', en: 'cancelled; nothing was written' };
  return new CommandFailure(exitCodes.failed, text[language]);
}
