import { closeSync, fdatasync, fsync, ftruncateSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

/** The file operations that the log stands on; a test puts a disk in their place that loses power. */
export interface Disk {
  /** Opens for reading and for appending, creating when missing; answers the file's number. */
  open(path: string): number;
  /** Fills `target` from `position` as far as the file goes; answers how many bytes that were. */
  read(file: number, target: Buffer, position: number): number;
  /** Adds a block at the end. When it returns the system has it, and the death of this process does not matter. */
  append(file: number, block: Buffer): void;
  truncate(file: number, bytes: number): void;
  /** Settles when everything appended before is on the medium, and a power failure does not matter. */
  sync(file: number): Promise<void>;
  /** Settles when the names in a folder are on the medium. */
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): void;
  remove(path: string): void;
  close(file: number): void;
}

const flushData = promisify(fdatasync);
const flushAll = promisify(fsync);

/** The machine's own. */
export const machineDisk: Disk = {
  open: (path) => openSync(path, 'a+'),
  read: (file, target, position) => readSync(file, target, 0, target.length, position),
  append(file, block) {
    for (let written = 0; written < block.length;) written += writeSync(file, block, written);
  },
  truncate: ftruncateSync,
  sync: (file) => flushData(file),
  async syncFolder(path) {
    // Windows opens no folders, and keeps their names by itself.
    if (process.platform === 'win32') return;
    const folder = openSync(path, 'r');
    try {
      await flushAll(folder);
    } finally {
      closeSync(folder);
    }
  },
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  close: closeSync,
};
