import type { Code, Deadline, Plain } from '../core/index.ts';

/** How a section ended. `unknown`: it could not look at everything; never to be read as "good". */
export type SectionStatus = 'ok' | 'problems' | 'unknown';

/** One kind of thing that was found, with the first ids a person would look at. */
export interface Finding {
  /** Stable name, e.g. `completed-without-picture`; texts for people are kept by the renderer. */
  readonly kind: string;
  /** A `problem` makes its section `problems`; a `note` does not. */
  readonly weight: 'problem' | 'note';
  readonly count: number;
  /** At most 20; `count` says how many there are. */
  readonly ids: readonly string[];
}

/** What one section of the integrity report says. */
export interface Section {
  readonly name: string;
  readonly status: SectionStatus;
  /** Stable names; counts, rates from 0 to 1, milliseconds where the name ends in `Ms`. */
  readonly figures: Readonly<Record<string, Plain>>;
  readonly findings: readonly Finding[];
  /** Why it is `unknown`. */
  readonly error?: { readonly code: Code; readonly message: string };
}

/**
 * One section of the check, as a room offers it. It runs in slices: the state is plain data that a job keeps between
 * two invocations; it never grows with the number of records, and is never changed in place, since a step that fails
 * is taken again from it. Where the slices are cut makes no difference to what is found.
 */
export interface CheckSection {
  readonly name: string;
  begin(): Plain;
  /**
   * Goes on from `state` by at least one page, and is called again until `finished`. Rejects where it cannot read, after
   * attempts of its own: the section is then `unknown`, unless the deadline was what stopped it.
   */
  advance(state: Plain, deadline: Deadline): Promise<{ readonly state: Plain; readonly finished: boolean }>;
  /** What was found; pure. */
  conclude(state: Plain): Section;
}

/** One whole check, as stored in `integrity_reports`. */
export interface IntegrityReport {
  readonly _id: string;
  readonly schemaVersion: 1;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  /** `unknown` if any section is, else `problems` if any is. */
  readonly status: SectionStatus;
  readonly sections: readonly Section[];
}
