import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Language } from '../language.ts';

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_URL = 'http://127.0.0.1:8360';
const HEALTH_TIMEOUT_MS = 2_000;

/**
 * The address of a local cloud that is running. Asked are, in this order, the address given with `--local`, the one
 * that this shell is connected to (`. .wx-durable/env.sh`), `WX_DURABLE_LOCAL`, the one that `wx-durable dev` noted in
 * this folder, and its default port.
 */
export async function findLocalCloud(
  named: string | true | undefined,
  { env, language }: { readonly env: Env; readonly language: Language },
): Promise<string> {
  const url = trimmed(typeof named === 'string' ? named : addressNoted(env));
  if (!isLoopback(url)) throw notLoopback(url, language);
  if (await isRunning(url)) return url;
  throw notRunning(url, language);
}

function addressNoted(env: Env): string {
  return connectedTo(env['TCB_CONTEXT_CNFG'] ?? '') ?? env['WX_DURABLE_LOCAL'] ?? addressInFolder() ?? DEFAULT_URL;
}

/** The address in the SDK's variable, or in a script that sets it. */
export function connectedTo(text: string): string | undefined {
  return /"URL":"(https?:\/\/[^"\s]+?)\/admin"/.exec(text)?.[1];
}

function addressInFolder(): string | undefined {
  try {
    return connectedTo(readFileSync(join('.wx-durable', 'env.sh'), 'utf8'));
  } catch {
    return undefined;
  }
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');

// A local cloud has no passwords: what is not this machine is none, whatever it answers.
function isLoopback(url: string): boolean {
  return /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/.test(url);
}

async function isRunning(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/_emulator/health`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
    const health: unknown = await response.json();
    return typeof health === 'object' && health !== null && 'ok' in health;
  } catch {
    return false;
  }
}

function notLoopback(url: string, language: Language): CommandFailure {
  const text = {
    zh: `${url} 不是本机地址：本地云只在 http://127.0.0.1:端口 上；真实环境请用 --env-id`,
    en: `${url} is not on this machine: a local cloud is at http://127.0.0.1:PORT; for an environment give --env-id`,
  };
  return new CommandFailure(exitCodes.usage, text[language]);
}

function notRunning(url: string, language: Language): CommandFailure {
  const text = {
    zh: `${url} 上没有正在运行的本地云。请在另一个终端执行 wx-durable dev，或用 --env-id 指定真实环境`,
    en: `no local cloud runs at ${url}. Run wx-durable dev in another terminal, or name an environment with --env-id`,
  };
  return new CommandFailure(exitCodes.cloud, text[language]);
}
