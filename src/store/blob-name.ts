import { invalid } from './invalid.ts';

/** Throws `INPUT_INVALID` unless a file's name is letters, digits, `_`, `-` and `.`, in folders joined by slashes. */
export function assertBlobName(name: string): void {
  if (/^\w[\w.-]*(\/\w[\w.-]*)*$/.test(name) && name.length <= 256) return;
  throw invalid('a file name must be plain names joined by slashes', { length: name.length });
}
