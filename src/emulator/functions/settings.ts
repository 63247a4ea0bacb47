import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A timer as a function's settings declare it; what it says is not checked yet. */
export interface DeclaredTrigger {
  readonly name: string;
  readonly config: string;
}

/** What a function's settings ask for. */
export interface FunctionSettings {
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly triggers: readonly DeclaredTrigger[];
}

/** What the platform gives a function that sets nothing, and at most. */
const DEFAULT_TIMEOUT_SECONDS = 3;
const MAX_TIMEOUT_SECONDS = 900;
const DEFAULT_MEMORY_MB = 256;
const MIN_MEMORY_MB = 64;
const MAX_MEMORY_MB = 3072;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The settings of a function: `cloudbaserc.json` beside the folder of functions or above it, which `tcb fn deploy`
 * applies, and for what it does not say the function's own `config.json`. Read anew at every call, as they are edited
 * while the local cloud runs; one that cannot be read says nothing.
 */
export function readSettings(dir: string, name: string): FunctionSettings {
  const own = readFields(join(dir, name, 'config.json'));
  const deployed = deployedSettings(dir, name);
  const { timeout, memorySize, triggers, envVariables }: Fields = { ...own, ...deployed };
  return {
    timeoutSeconds: atMost(timeout, { min: 1, max: MAX_TIMEOUT_SECONDS }) ?? DEFAULT_TIMEOUT_SECONDS,
    memoryMb: atMost(memorySize, { min: MIN_MEMORY_MB, max: MAX_MEMORY_MB }) ?? DEFAULT_MEMORY_MB,
    variables: readVariables(envVariables),
    triggers: readTriggers(triggers),
  };
}

function deployedSettings(dir: string, name: string): Fields {
  for (const above of ['..', '../..']) {
    const { functions } = readFields(resolve(dir, above, 'cloudbaserc.json'));
    if (!Array.isArray(functions)) continue;
    return functions.filter(isFields).find((one) => one['name'] === name) ?? {};
  }
  return {};
}

function readFields(path: string): Fields {
  // Mostly there is none: to look is much cheaper than to catch.
  if (!existsSync(path)) return {};
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function atMost(value: unknown, { min, max }: { min: number; max: number }): number | undefined {
  return typeof value === 'number' && value >= min ? Math.min(value, max) : undefined;
}

/** Names that are the platform's to set: who calls, and where the cloud is. */
const PLATFORM_NAMES = /^(SCF_|QCLOUD_|TENCENTCLOUD_|TCB_|WX_(?!DURABLE_))/;

/** Values that the deployment tool fills in (`{{env.KEY}}`) are left out: nothing of this machine reaches a function unasked. */
function readVariables(value: unknown): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const [name, one] of Object.entries(isFields(value) ? value : {})) {
    if (PLATFORM_NAMES.test(name) || !['string', 'number', 'boolean'].includes(typeof one)) continue;
    const text = String(one);
    if (!/\{\{.*\}\}/.test(text)) variables[name] = text;
  }
  return variables;
}

function readTriggers(value: unknown): readonly DeclaredTrigger[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isFields)
    .filter(({ type }) => type === 'timer')
    .map(({ name, config }) => ({ name: textOf(name), config: textOf(config) }));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
