/** One place in the sources where a mistake is planted; `find` stands there exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A mistake that somebody could make. */
export interface Mutation {
  readonly name: string;
  /** Nearly always one; more where the protocol says something twice. */
  readonly edits: readonly Edit[];
}

/** A mistake in one file. */
export function planted(name: string, file: string, find: string, replace: string): Mutation {
  return { name, edits: [{ file, find, replace }] };
}

// Files in which many mistakes are planted.
export const ONCE = 'src/once/once.ts';
export const EARLIER = 'src/once/earlier.ts';
export const OPEN = 'src/once/open.ts';
export const RESOLVE = 'src/once/resolve.ts';
