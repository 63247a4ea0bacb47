import { execFileSync } from 'node:child_process';

/** Milliseconds of one start of a process. */
export interface LoadTime {
  /** Loading and setting up the SDK. */
  readonly sdk: number;
  /** Loading the function after that. */
  readonly own: number;
}

/**
 * A fresh process that loads and sets up the SDK and then the function, which finds it loaded. That is less noisy than
 * the difference of two processes: the SDK alone takes some fifty times as long.
 */
export function loadOnce(file: string): LoadTime {
  const script = `
    const lap = () => { const now = performance.now(), ms = now - since; since = now; return ms; };
    let since = performance.now();
    const cloud = require('wx-server-sdk');
    cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
    cloud.database();
    const sdk = lap();
    require(${JSON.stringify(file)});
    process.stdout.write(JSON.stringify({ sdk, own: lap() }));`;
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) as LoadTime;
}
