import type { Disk } from '../../src/emulator/journal/index.ts';

/**
 * What is left on the medium after a failure.
 * - `kill`: the process died, the system went on: everything it had been given is there
 * - `power-least`: nothing but what was flushed
 * - `power-most`: all of it, although not flushed
 * - `power-names`: new names, and of what was appended only what was flushed
 * - `power-contents`: old names, and everything that was appended
 */
export const FAILURES = ['kill', 'power-least', 'power-most', 'power-names', 'power-contents'] as const;
export type Failure = (typeof FAILURES)[number];

interface Content {
  bytes: Buffer;
  flushedBytes: number;
}

/** A disk in memory that knows what a real one keeps in its cache, and that fails when it is told to. */
export interface FailingDisk extends Disk {
  /** Operations so far. */
  readonly operations: number;
  /** How often data was flushed. */
  readonly flushes: number;
  names(): readonly string[];
  bytesOf(path: string): Buffer;
  put(path: string, bytes: Buffer): void;
  /** While set, flushes wait for it. */
  holdFlushes(until: Promise<void> | undefined): void;
  /** From now on every append to this file finds the disk full. */
  fillUp(path: string): void;
  /** From now on no flush succeeds, or all do. */
  breakFlushes(areBroken: boolean): void;
  /** What a machine finds that is started again. */
  afterFailure(failure: Failure): FailingDisk;
}

/** A disk on which operation `failsAt`, counted from 1, is cut short, and nothing happens any more. */
export function createFailingDisk(failsAt = Infinity, contents: ReadonlyMap<string, Buffer> = new Map()): FailingDisk {
  const asContent = ([path, bytes]: readonly [string, Buffer]) =>
    [path, { bytes, flushedBytes: bytes.length }] as const;
  const names = new Map<string, Content>([...contents].map(asContent));
  let flushedNames = new Map(names);
  const files = new Map<number, Content>();
  const full = new Set<Content>();
  const state = { operations: 0, flushes: 0, lastFile: 2, areFlushesBroken: false };
  let hold: Promise<void> | undefined;
  const step = (): void => {
    state.operations += 1;
    if (state.operations > failsAt) throw new Error('the machine is off');
  };
  /** An operation that happens as a whole or not at all. */
  const whole = (): void => {
    step();
    if (state.operations === failsAt) throw new Error('the machine goes off');
  };
  const contentOf = (file: number): Content => {
    const content = files.get(file);
    if (content === undefined) throw new Error(`EBADF: ${file}`);
    return content;
  };
  /** The more there is to flush the longer it takes, and others are served meanwhile. */
  const flush = async (bytes: number): Promise<void> => {
    whole();
    await hold;
    for (let turns = 0; turns <= Math.min(3, bytes / 100); turns += 1)
      await new Promise((resolve) => setImmediate(resolve));
    if (state.operations >= failsAt) throw new Error('the machine went off');
    if (state.areFlushesBroken) throw new Error('EIO: the medium is broken');
  };
  return {
    get operations() {
      return state.operations;
    },
    get flushes() {
      return state.flushes;
    },
    open(path) {
      whole();
      const content = names.get(path) ?? { bytes: Buffer.alloc(0), flushedBytes: 0 };
      names.set(path, content);
      files.set((state.lastFile += 1), content);
      return state.lastFile;
    },
    read(file, target, position) {
      whole();
      return contentOf(file).bytes.copy(target, 0, position);
    },
    append(file, block) {
      step();
      const content = contentOf(file);
      const isCut = state.operations === failsAt || full.has(content);
      content.bytes = Buffer.concat([content.bytes, isCut ? block.subarray(0, block.length * 0.75) : block]);
      if (isCut) throw new Error(full.has(content) ? 'ENOSPC: the disk is full' : 'the machine goes off');
    },
    truncate(file, bytes) {
      whole();
      const content = contentOf(file);
      content.bytes = content.bytes.subarray(0, bytes);
      content.flushedBytes = Math.min(content.flushedBytes, bytes);
    },
    async sync(file) {
      const content = contentOf(file);
      const { length } = content.bytes;
      await flush(length - content.flushedBytes);
      state.flushes += 1;
      content.flushedBytes = Math.max(content.flushedBytes, length);
    },
    async syncFolder() {
      const now = new Map(names);
      await flush(0);
      flushedNames = now;
    },
    rename(from, to) {
      whole();
      const content = names.get(from);
      if (content === undefined) throw new Error(`ENOENT: ${from}`);
      names.delete(from);
      names.set(to, content);
    },
    remove(path) {
      whole();
      names.delete(path);
    },
    close(file) {
      whole();
      files.delete(file);
    },
    names: () => [...names.keys()],
    bytesOf: (path) => names.get(path)?.bytes ?? Buffer.alloc(0),
    put: (path, bytes) => void names.set(...asContent([path, bytes])),
    holdFlushes: (until) => void (hold = until),
    fillUp(path) {
      const content = names.get(path) ?? { bytes: Buffer.alloc(0), flushedBytes: 0 };
      names.set(path, content);
      full.add(content);
    },
    breakFlushes: (areBroken) => void (state.areFlushesBroken = areBroken),
    afterFailure(failure) {
      const keepsNames = ['kill', 'power-most', 'power-names'].includes(failure);
      const keepsContents = ['kill', 'power-most', 'power-contents'].includes(failure);
      const left = [...(keepsNames ? names : flushedNames)].map(
        ([path, { bytes, flushedBytes }]) => [path, keepsContents ? bytes : bytes.subarray(0, flushedBytes)] as const,
      );
      return createFailingDisk(Infinity, new Map(left));
    },
  };
}
