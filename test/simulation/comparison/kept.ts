/** Slices that are done, so that a run that was cut goes on where it was. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Job } from './compare.ts';
import type { Tally } from './tally.ts';

export interface Done {
  readonly job: Job;
  readonly tally: Tally;
}

/** What earlier runs of the very same program kept in `file`; without a file nothing is kept. */
export function openKept(program: string, file: string | undefined) {
  const version = createHash('sha256').update(readFileSync(program)).digest('hex');
  const lines = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  const earlier = lines.map((line) => JSON.parse(line) as Done & { readonly version: string });
  return {
    of(jobs: readonly Job[]): readonly Done[] {
      const wanted = new Set(jobs.map((job) => JSON.stringify(job)));
      return earlier.filter((done) => done.version === version && wanted.has(JSON.stringify(done.job)));
    },
    add(done: Done): void {
      if (file !== undefined) appendFileSync(file, `${JSON.stringify({ version, ...done })}\n`);
    },
  };
}
