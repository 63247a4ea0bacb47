import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a program without a shell and answers what it printed. */
export const runFile = promisify(execFile);

/**
 * Nothing when the command succeeds, else what it printed.
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
export async function capture(command, args, cwd) {
  try {
    await runFile(command, args, { cwd, timeout: 120_000, maxBuffer: 64_000_000 });
    return [];
  } catch (error) {
    const { stdout = '', stderr = '', message } = /** @type {Error & { stdout?: string, stderr?: string }} */ (error);
    return [`${stdout}${stderr}`.trim() || message];
  }
}
