import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Language } from '../language.ts';
import { connectedTo } from './local.ts';

type Env = Readonly<Record<string, string | undefined>>;

const CREDENTIALS = ['TENCENTCLOUD_SECRETID', 'TENCENTCLOUD_SECRETKEY'] as const;
/** With these the SDK believes to run inside the cloud, and asks the platform's internal address without encryption. */
const INSIDE = [
  'TENCENTCLOUD_RUNENV',
  'TENCENTCLOUD',
  'SCF_NAMESPACE',
  'TCB_ENV',
  'TCB_CONTEXT_KEYS',
  'WX_CONTEXT_KEYS',
];

/**
 * Makes this process one that speaks to a real environment from outside the cloud. Answers the other address that the
 * SDK was told to use (`TCB_CONTEXT_CNFG`), if any. Rejects with exit code 2 where credentials are missing, or are
 * those of a local cloud. Their values are handed to nothing but the SDK, which reads them itself.
 */
export function enterEnvironment(
  envId: string,
  { env, language }: { readonly env: Env; readonly language: Language },
): { readonly via: string | undefined } {
  if (!/^[A-Za-z0-9][\w-]{0,63}$/.test(envId)) throw notAnId(language);
  const missing = CREDENTIALS.filter((name) => !env[name]);
  if (missing.length > 0) throw withoutCredentials(missing, language);
  if (env['TENCENTCLOUD_SECRETID'] === 'emulator') throw localCredentials(language);
  for (const name of INSIDE) delete process.env[name];
  return { via: connectedTo(env['TCB_CONTEXT_CNFG'] ?? '') };
}

function notAnId(language: Language): CommandFailure {
  const text = { zh: '--env-id 不是有效的环境 ID', en: '--env-id is not the id of an environment' };
  return new CommandFailure(exitCodes.usage, text[language]);
}

function withoutCredentials(missing: readonly string[], language: Language): CommandFailure {
  const names = missing.join(language === 'zh' ? '、' : ', ');
  const text = {
    zh: `缺少环境变量 ${names}：请在腾讯云控制台的「访问密钥」中取得（建议使用只授权该环境的子账号）`,
    en: `missing in the environment: ${names}; they are access keys of Tencent Cloud (best of a sub-account)`,
  };
  return new CommandFailure(exitCodes.denied, text[language]);
}

function localCredentials(language: Language): CommandFailure {
  const text = {
    zh: '这个终端连接着本地云（执行过 env.sh）。请换一个终端再使用 --env-id',
    en: 'this shell is connected to a local cloud (env.sh); use --env-id in another one',
  };
  return new CommandFailure(exitCodes.denied, text[language]);
}
