/** @file What the two sides of the warm runner say to each other. */

/** Both sides are threads of one process, of which there may be several. */
export const CHANNEL = 'wx-durable-mutation';

/**
 * @typedef {{ readonly kind: 'dry', readonly files: readonly string[] }
 *   | { readonly kind: 'mutant', readonly mutantId: string, readonly hitLimit: number | undefined, readonly rounds: readonly Readonly<Record<string, readonly string[]>>[] }
 *   | { readonly kind: 'end' }} Ask
 */

/**
 * One test that ran; `error` where it failed.
 * @typedef {{ readonly id: string, readonly name: string, readonly file: string, readonly line?: number, readonly column?: number, readonly ms: number, readonly error?: string | undefined }} TestReport
 */
