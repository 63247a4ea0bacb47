import { providerNames } from '../../generation/index.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Language } from '../language.ts';
import type { Terminal } from '../terminal.ts';

/** The local cloud's own service, which paints on this machine. */
const LOCAL = 'local';

/**
 * The name of the image service that functions use: the one that was named, else that of the environment, else the
 * local one. A usage error where nobody knows its address.
 */
export function chooseProvider(
  named: string | undefined,
  { env, language }: { readonly env: Terminal['env']; readonly language: Language },
): string {
  const name = named ?? (env['WX_DURABLE_PROVIDER'] || LOCAL);
  const known = [LOCAL, ...providerNames()];
  if (known.includes(name) || env['WX_DURABLE_PROVIDER_URL']) return name;
  const text = {
    zh: `不认识图片服务 ${name}：可用的有 ${known.join('、')}；其他服务请用 WX_DURABLE_PROVIDER_URL 指定地址`,
    en: `the image service ${name} is unknown: there are ${known.join(', ')}; for another one set WX_DURABLE_PROVIDER_URL`,
  };
  throw new CommandFailure(exitCodes.usage, text[language]);
}
