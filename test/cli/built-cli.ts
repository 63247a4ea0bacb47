import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeCli } from '../support/built.ts';

/** How a command ended and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A command that is running; `sees` resolves when its standard output matches, `says` when its standard error does;
 * both reject when it ends before.
 */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  sees(pattern: RegExp): Promise<RegExpMatchArray>;
  says(pattern: RegExp): Promise<RegExpMatchArray>;
}

/** The command line as it is shipped, built into a folder of its own; `start` runs it there. */
export interface BuiltCli {
  readonly folder: string;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  remove(): void;
}

/** Builds the command line for a test file. */
export async function createBuiltCli(): Promise<BuiltCli> {
  const folder = mkdtempSync(join(tmpdir(), 'wx-durable-cli-'));
  await placeCli(folder);
  return {
    folder,
    start: (args, env = {}) => start(join(folder, 'cli/index.js'), { args, env, cwd: folder }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface StartOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

function start(file: string, { args, env, cwd }: StartOptions): Running {
  const child = spawn(process.execPath, [file, ...args], { cwd, env: { PATH: process.env['PATH'], ...env } });
  const output = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  const hear = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
    output[stream] += chunk.toString();
    for (const watch of watchers) watch();
  };
  child.stdout.on('data', hear('stdout'));
  child.stderr.on('data', hear('stderr'));
  const ended = new Promise<Ended>((done) => child.on('close', (code) => done({ code, ...output })));
  const match = (stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpMatchArray> =>
    new Promise((found, fail) => {
      const watch = () => {
        const seen = output[stream].match(pattern);
        if (seen) found(seen);
      };
      watchers.add(watch);
      watch();
      void ended.then(({ code }) => fail(new Error(`ended with ${code} before ${pattern}: ${output.stderr}`)));
    });
  return {
    process: child,
    ended,
    sees: (pattern) => match('stdout', pattern),
    says: (pattern) => match('stderr', pattern),
  };
}
