import { afterAll, beforeAll, describe } from 'vitest';
import { describeFiles } from './blobs.ts';
import { describeConditions } from './conditions.ts';
import { describeDocuments } from './documents.ts';
import { describePages } from './pages.ts';
import { describeRefusals } from './refusals.ts';
import type { Subject, Use } from './subject.ts';
import { describeUpdates } from './updates.ts';

export type { Subject } from './subject.ts';

/** What every `Store` promises, on a real one. */
export function describeStore(name: string, make: () => Promise<Subject>): void {
  describe(`the ${name} store`, () => {
    const use = subjectOf(make);
    describeDocuments(use);
    describeUpdates(use);
    describeConditions(use);
    describePages(use);
    describeRefusals(use);
  });
}

/** What the pages of every `Store` promise, where nothing else of it is its own. */
export function describeStorePages(name: string, make: () => Promise<Subject>): void {
  describe(`the ${name} store`, () => {
    describePages(subjectOf(make));
  });
}

/** What every `Blobs` promises, on a real one. */
export function describeBlobs(name: string, make: () => Promise<Subject>): void {
  describe(`the ${name} blobs`, () => {
    describeFiles(subjectOf(make));
  });
}

function subjectOf(make: () => Promise<Subject>): Use {
  let subject: Subject | undefined;
  beforeAll(async () => {
    subject = await make();
  });
  afterAll(() => subject?.close?.());
  return () => {
    if (subject) return subject;
    throw new Error('the adapter has not been made');
  };
}
