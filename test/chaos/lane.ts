/** A local cloud that one history after the other is played on: its process, its data, its time. */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudMessage, CloudSettings } from './cloud-settings.ts';
import { writeTime } from './world-time.cjs';

/** What `buildChaos` made. */
export interface Built {
  readonly program: string;
  readonly functionsDir: string;
}

export const builtIn = (folder: string): Built => ({
  program: join(folder, 'cloud-process.mjs'),
  functionsDir: join(folder, 'shells/functions'),
});

/** One piece of what a function printed. */
export interface Printed {
  readonly name: string;
  readonly text: string;
}

export interface Lane {
  /** Where the cloud is now; it stays there when it is started again. */
  url(): string;
  /** Milliseconds of the history. */
  now(): number;
  /** A function instance begins anew, and what was printed is forgotten. */
  begin(): void;
  /** Puts the time forward. */
  forward(ms: number): void;
  printed(): readonly Printed[];
  /** Where the local cloud keeps the contents of files, those that were removed too. */
  readonly filesDir: string;
  /** kill -9 of the local cloud, with all functions in it, and start on the same data. */
  killAndRestart(): Promise<void>;
  close(): Promise<void>;
}

/** How many milliseconds pass in one: a trip of 3 ms to the local cloud takes as long as one to the real one. */
export const RATE = 5;
/** The deployment's. */
export const KEY = '5f'.repeat(32);

/** Starts a local cloud in a folder of its own. */
export async function openLane({ program, functionsDir }: Built): Promise<Lane> {
  const folder = mkdtempSync(join(tmpdir(), 'wx-durable-chaos-'));
  const timePath = join(folder, 'time.json');
  const time = { baseMs: Date.now(), rate: RATE, offsetMs: 0, boot: 0 };
  const now = (): number => Math.floor(time.baseMs + (Date.now() - time.baseMs) * RATE + time.offsetMs);
  writeTime(timePath, time);
  const settings: CloudSettings = { dir: join(folder, 'data'), port: 0, functionsDir, timePath, key: KEY };
  let printed: Printed[] = [];
  const launch = (port: number) => start(program, { ...settings, port }, (line) => printed.push(line));
  let server = await launch(0);
  return {
    url: () => server.url,
    now,
    printed: () => printed,
    filesDir: join(settings.dir, 'files'),
    begin() {
      time.boot += 1;
      writeTime(timePath, time);
      printed = [];
    },
    forward(ms) {
      time.offsetMs += ms;
      writeTime(timePath, time);
    },
    async killAndRestart() {
      const port = Number(new URL(server.url).port);
      await kill(server.child);
      server = await launch(port);
    },
    async close() {
      await kill(server.child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
}

function start(program: string, settings: CloudSettings, onPrinted: (line: Printed) => void): Promise<Started> {
  const child = fork(program, [JSON.stringify(settings)], { execArgv: [] });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the local cloud ended with ${code}`)));
    child.on('message', (message: CloudMessage) => {
      if ('url' in message) resolve({ child, url: message.url });
      else onPrinted(message);
    });
  });
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await ended;
}
