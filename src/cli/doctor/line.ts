import type { Language } from '../language.ts';

/** One text in the languages of the command line. */
export type Words = Readonly<Record<Language, string>>;

/**
 * What one check found. `unknown`: it should have been readable and was not; `skipped`: from here nobody can tell, or it
 * was not asked for.
 */
export interface DoctorLine {
  /** Stable, for `--json`. */
  readonly name: string;
  readonly status: 'ok' | 'problem' | 'unknown' | 'skipped';
  readonly said: Words;
  readonly todo?: Words;
}

/** A line from what it says; English and Chinese. */
export function line(status: DoctorLine['status'], name: string, said: Words, todo?: Words): DoctorLine {
  return { name, status, said, ...(todo ? { todo } : {}) };
}
