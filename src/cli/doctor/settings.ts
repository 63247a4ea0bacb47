import { isDurableError, withTimeout, type Clock, type Seal } from '../../core/index.ts';
import { readConfig } from '../../service/index.ts';
import type { Target } from '../target.ts';
import { line, type DoctorLine } from './line.ts';

type Env = Readonly<Record<string, string | undefined>>;

interface SettingsDeps {
  readonly clock: Clock;
  readonly env: Env;
  createSeal(secret: string): Seal;
  /** The functions in this folder; undefined where that is not known. */
  readonly functions: readonly string[] | undefined;
}

const TIMEOUT_MS = 5_000;

/**
 * Image service and key: as this shell has them, and as the deployed `generateImage` says it has them, which only a
 * local cloud tells (on the platform it answers people alone).
 */
export async function checkSettings(target: Target, deps: SettingsDeps): Promise<readonly DoctorLine[]> {
  const wrong = wrongSetting(deps);
  if (wrong) return [wrong];
  const deployed = await askFunction(target, deps.clock);
  const provider = deps.env['WX_DURABLE_PROVIDER'];
  // Who has functions of their own alone needs no image service.
  const makesPictures =
    deployed !== undefined || Boolean(provider) || (deps.functions?.includes('generateImage') ?? true);
  return [
    ...(makesPictures ? [providerLine(provider, deployed)] : []),
    keyLine(Boolean(deps.env['WX_DURABLE_KEY']), deployed, target.kind),
    ...timeLines(deployed),
  ];
}

function wrongSetting({ env, createSeal }: SettingsDeps): DoctorLine | undefined {
  try {
    readConfig(env);
    const key = env['WX_DURABLE_KEY'];
    if (key) createSeal(key);
    return undefined;
  } catch (error) {
    if (!isDurableError(error, 'CONFIG_INVALID')) throw error;
    const why = error.message.replace(/^\[\w+\] /, '');
    return line('problem', 'settings', { zh: `设置有误：${why}`, en: `a setting is wrong: ${why}` });
  }
}

/** What the function says of itself; undefined where it cannot be asked. */
interface Deployed {
  readonly provider: string | null;
  readonly hasKey: boolean;
  /** What its time limit left it when it answered. */
  readonly remainingTimeMs: number | undefined;
}

async function askFunction({ cloud }: Target, clock: Clock): Promise<Deployed | undefined> {
  const call = cloud.callFunction({ name: 'generateImage', data: { action: 'getServiceStatus' } });
  try {
    const { result } = await withTimeout(clock, TIMEOUT_MS, call, () => new Error('no answer in time'));
    const { data } = result as { data?: { provider?: unknown; tiers?: unknown; remainingTimeMs?: unknown } };
    if (!data) return undefined;
    const hasKey = Array.isArray(data.tiers) && data.tiers.includes('log');
    const { provider, remainingTimeMs } = data;
    return {
      provider: typeof provider === 'string' ? provider : null,
      hasKey,
      remainingTimeMs: typeof remainingTimeMs === 'number' ? remainingTimeMs : undefined,
    };
  } catch {
    return undefined;
  }
}

function providerLine(own: string | undefined, deployed: Deployed | undefined): DoctorLine {
  const name = deployed ? deployed.provider : (own ?? null);
  if (name !== null) return line('ok', 'provider', { zh: `图片服务：${name}`, en: `image service: ${name}` });
  const todo = {
    zh: '为 generateImage 设置环境变量 WX_DURABLE_PROVIDER 与 WX_DURABLE_PROVIDER_KEY',
    en: 'set WX_DURABLE_PROVIDER and WX_DURABLE_PROVIDER_KEY for generateImage',
  };
  if (deployed) return line('problem', 'provider', { zh: '没有设置图片服务', en: 'no image service is set' }, todo);
  return line('skipped', 'provider', CANNOT_TELL.provider, todo);
}

function keyLine(isSetHere: boolean, deployed: Deployed | undefined, kind: Target['kind']): DoctorLine {
  if (deployed ? deployed.hasKey : isSetHere) {
    return line('ok', 'key', { zh: 'WX_DURABLE_KEY 已设置', en: 'WX_DURABLE_KEY is set' });
  }
  const todo = {
    zh: '为每个云函数设置同一个 WX_DURABLE_KEY（64 位十六进制：openssl rand -hex 32）',
    en: 'set the same WX_DURABLE_KEY for every function (openssl rand -hex 32)',
  };
  if (!deployed) return line('skipped', 'key', CANNOT_TELL.key, todo);
  const said = {
    zh: '没有设置 WX_DURABLE_KEY：备份记录无法防伪，日志层未启用',
    en: 'WX_DURABLE_KEY is not set: letters can be forged, and the log tier is off',
  };
  // On a laptop nobody forges letters; where people pay it must not be missing.
  return line(kind === 'local' ? 'skipped' : 'problem', 'key', said, todo);
}

/** The platform's default: the settings of a function were not applied, or there are none. */
const DEFAULT_LIMIT_MS = 3_000;

// Uploading a function does not reliably apply its settings: only the running one knows.
function timeLines(deployed: Deployed | undefined): readonly DoctorLine[] {
  const remainingMs = deployed?.remainingTimeMs;
  if (remainingMs === undefined || remainingMs > DEFAULT_LIMIT_MS) return [];
  const said = {
    zh: 'generateImage 运行时的超时时间是默认的 3 秒：config.json 没有生效',
    en: 'generateImage runs with the default timeout of 3 s: its config.json is not applied',
  };
  const todo = { zh: '在控制台把超时时间设为 60 秒，再读一次', en: 'set 60 s in the console, and read it back' };
  return [line('problem', 'timeout', said, todo)];
}

const CANNOT_TELL = {
  provider: {
    zh: '从这里看不到云函数的环境变量：请在控制台确认图片服务',
    en: "functions' variables cannot be seen from here: look at the image service in the console",
  },
  key: {
    zh: '从这里看不到云函数的环境变量：请在控制台确认 WX_DURABLE_KEY',
    en: "functions' variables cannot be seen from here: look at WX_DURABLE_KEY in the console",
  },
};
