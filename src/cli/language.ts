import { CommandFailure, exitCodes } from './exit-codes.ts';

export type Language = 'zh' | 'en';

/** The language named by `--lang`; a usage error for any other. */
export function parseLanguage(value: string): Language {
  if (value === 'zh' || value === 'en') return value;
  throw new CommandFailure(exitCodes.usage, `--lang 只接受 zh 或 en (--lang takes zh or en), not '${value}'`);
}
