import { spawn } from 'node:child_process';

/**
 * A command, and how it is run: `stdout` and `stderr` are kept unless they are shown as they come.
 * @typedef {{
 *   command: string, args: readonly string[], env?: Readonly<Record<string, string>>,
 *   stdout?: 'shown' | 'kept', stderr?: 'shown' | 'kept',
 * }} Command
 */

/**
 * Runs a command to its end; one that could not be started ends with 1, and `output` says why.
 * @param {Command} command
 * @returns {Promise<{ code: number, stdout: string, output: string, seconds: number }>} `output` is all that was kept
 */
export function runChild({ command, args, env = {}, stdout: out = 'kept', stderr: err = 'kept' }) {
  const startedAtMs = performance.now();
  const pipe = (/** @type {'shown' | 'kept'} */ how) => (how === 'shown' ? 'inherit' : 'pipe');
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', pipe(out), pipe(err)],
      env: { ...process.env, ...env },
    });
    let stdout = '';
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (piece) => void ((stdout += piece), (output += piece)));
    child.stderr?.setEncoding('utf8').on('data', (piece) => void (output += piece));
    const end = (/** @type {number} */ code) =>
      resolve({ code, stdout, output, seconds: (performance.now() - startedAtMs) / 1_000 });
    child.on('error', (error) => {
      output += String(error);
      end(1);
    });
    child.on('close', (code) => end(code ?? 1));
  });
}
