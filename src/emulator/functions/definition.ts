import { readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readSettings, type FunctionSettings } from './settings.ts';

/** A function as it lies in its folder now. */
export interface FunctionDefinition extends FunctionSettings {
  readonly name: string;
  readonly entry: string;
  /** Differs from that of an instance whose code or settings have been changed since. */
  readonly version: string;
}

/** The function `name` below `dir`, or undefined when there is none; a name that leads elsewhere names none. */
export function findFunction(dir: string | undefined, name: string): FunctionDefinition | undefined {
  if (dir === undefined || !isFunctionName(name)) return undefined;
  const entry = resolve(dir, name, 'index.js');
  const mark = markOf(entry);
  if (mark === undefined) return undefined;
  const settings = readSettings(dir, name);
  const version = JSON.stringify([mark, settings.memoryMb, settings.variables]);
  return { name, entry, version, ...settings };
}

/** The names of all functions below `dir`, in order. */
export function listFunctions(dir: string | undefined): readonly string[] {
  if (dir === undefined) return [];
  try {
    const names = readdirSync(dir).filter((name) => isFunctionName(name));
    return names.filter((name) => markOf(resolve(dir, name, 'index.js')) !== undefined).sort();
  } catch {
    // There is no such folder: a build may be about to make it.
    return [];
  }
}

/** What changes when a file is written again; undefined where there is none that can be read. */
export function markOf(path: string): string | undefined {
  try {
    const facts = statSync(path);
    return facts.isFile() ? `${facts.mtimeMs}:${facts.size}:${facts.ino}` : undefined;
  } catch {
    return undefined;
  }
}

function isFunctionName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]{0,59}$/.test(name);
}
