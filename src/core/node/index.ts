/** Node's implementations of core's ports; taken by composition roots only. */
import { createConsoleLog } from './console-log.ts';
import { createSeal } from './seal.ts';
import { nodeClock, nodeHash, nodeRandom } from './system.ts';

/** The ports of a process: its clock, randomness, hashes, encryption, network, and a log on standard output. */
export const nodePorts = {
  clock: nodeClock,
  random: nodeRandom,
  hash: nodeHash,
  log: createConsoleLog(nodeClock),
  createSeal,
  fetch: (url: string, init: RequestInit): Promise<Response> => fetch(url, init),
  /** An environment variable, or undefined where it is absent or empty. */
  env: (name: string): string | undefined => process.env[name] || undefined,
} as const;

export { createConsoleLog, createSeal, nodeClock, nodeHash, nodeRandom };
