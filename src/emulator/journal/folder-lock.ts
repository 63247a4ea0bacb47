import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DurableError } from '../../core/index.ts';

interface Holder {
  readonly pid: number;
  /** When the process started, in the kernel's own count; null where the system does not tell. */
  readonly startedTicks: string | null;
}

/** Folders held by this process: a lock file with its own process number is then not a leftover. */
const held = new Set<string>();

/**
 * Creates `dir` when missing and takes it for this process; the function returned gives it back. Two emulators
 * in one folder would mix their logs, so the second is refused. The lock of a killed process does not count.
 */
export function lockFolder(dir: string): () => void {
  mkdirSync(dir, { recursive: true });
  const folder = realpathSync(dir);
  const path = join(folder, 'lock.json');
  if (held.has(folder)) throw busy(folder, process.pid);
  if (!tryCreate(path)) {
    const holder = readHolder(path);
    if (holder !== undefined && isAlive(holder)) throw busy(folder, holder.pid);
    rmSync(path, { force: true });
    if (!tryCreate(path)) throw busy(folder, readHolder(path)?.pid ?? 0);
  }
  held.add(folder);
  return () => {
    held.delete(folder);
    rmSync(path, { force: true });
  };
}

/** Appears with its content in one step, so that nobody reads an empty lock and takes it for a leftover. */
function tryCreate(path: string): boolean {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, startedTicks: startedTicks(process.pid) } satisfies Holder));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** Whether the process that wrote the lock still runs; a number that was given to another process does not count. */
function isAlive({ pid, startedTicks: since }: Holder): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return since === null || startedTicks(pid) === since;
}

/** Field 22 of /proc/PID/stat, counted behind the parenthesised name; null where there is no such file. */
function startedTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function busy(folder: string, pid: number): DurableError {
  return new DurableError(
    'CONFIG_INVALID',
    `the data folder is in use by process ${pid}; stop it or choose another folder`,
    {
      details: { folder, pid },
    },
  );
}
