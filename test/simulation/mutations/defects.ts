/** Defects that the library really had, found by random histories of 20 calls; told in CHANGELOG.md. */
import { ONCE, OPEN, planted, type Mutation } from './mutation.ts';

/** A defect, by what it did, and how to put it back; each of the seeds is a history that shows it. */
export interface Defect extends Mutation {
  readonly seeds: readonly number[];
}

export const defects: readonly Defect[] = [
  {
    ...planted(
      'an opening that changed nothing, and whose account was not found then, was taken for opened, and paid',
      OPEN,
      'if (found === OPENED) return',
      'if (found === OPENED || (tried.ok && !found)) return',
    ),
    // The second by a twin of a first call.
    seeds: [1329, 2057],
  },
  {
    ...planted(
      'a letter of an attempt that recovery had finished by its task was marked as home, and could never be removed',
      'src/once/recover-letters.ts',
      "const OWN = ['token', 'status', 'finishedAt'];",
      "const OWN = ['token', 'status'];",
    ),
    // In the second the record had the address of the picture itself.
    seeds: [52992, 54317, 55480],
  },
  {
    ...planted(
      'a letter was told as the result though somebody whose clock was minutes ahead had taken the call over',
      ONCE,
      "if (isClosed || savedIn === 'works') return answer;",
      'if (isClosed || savedIn) return answer;',
    ),
    // In the first the result was lost; in the others the same picture was told under two addresses.
    seeds: [99300, 25564, 90767],
  },
];
