import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A function as it lies in its folder. */
export interface FunctionDefinition {
  readonly name: string;
  readonly entry: string;
  readonly timeoutSeconds: number;
}

/** What the platform gives a function that sets nothing. */
const DEFAULT_TIMEOUT_SECONDS = 3;
const MAX_TIMEOUT_SECONDS = 900;

/** The function `name` below `dir`, or undefined when there is none; a name that leads elsewhere names none. */
export function findFunction(dir: string | undefined, name: string): FunctionDefinition | undefined {
  if (dir === undefined || !isFunctionName(name)) return undefined;
  const entry = resolve(dir, name, 'index.js');
  if (!existsSync(entry)) return undefined;
  return { name, entry, timeoutSeconds: readTimeout(join(dir, name, 'config.json')) };
}

function isFunctionName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]{0,59}$/.test(name);
}

function readTimeout(path: string): number {
  try {
    const config = JSON.parse(readFileSync(path, 'utf8')) as { timeout?: unknown } | null;
    const timeout = config?.timeout;
    if (typeof timeout === 'number' && timeout >= 1) return Math.min(timeout, MAX_TIMEOUT_SECONDS);
  } catch {
    // No config.json, or an unreadable one: the platform then uses its default.
  }
  return DEFAULT_TIMEOUT_SECONDS;
}
