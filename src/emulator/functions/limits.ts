import { CloudError } from '../cloud-error.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What a local cloud refuses because production would. Every number can be set, and all of them left out at once. */
export interface Limits {
  /** Event of one call of a function. @default 6 MiB, as SCF's (583/11637) */
  readonly eventBytes: number;
  /** Result that a mini program receives. @default 1 MiB (-604001) */
  readonly resultBytes: number;
  /** Result of any call. @default 6 MiB, as SCF's (status 407) */
  readonly responseBytes: number;
  /** Body of an HTTP access that is text. @default 100 KiB (EXCEED_MAX_PAYLOAD_SIZE) */
  readonly httpTextBytes: number;
  /** Body of any other HTTP access, as it travels in the event: in base64. @default 6 MiB */
  readonly httpBodyBytes: number;
  /** What an HTTP access answers. @default 1 MiB (EXCEED_MAX_RESPONSE_SIZE) */
  readonly httpResponseBytes: number;
  /**
   * What one query or aggregation answers to a function (`EXCEED_MAX_RESPONSE_SIZE`). The 1 MiB of -602001 are a mini
   * program's own queries, which are not offered. @default 50 MiB, for which there is one weak source
   */
  readonly queryResultBytes: number;
  /** Collections of the environment; `createCollection` makes no more (-502004). @default 300, one page says 100 */
  readonly collections: number;
  /** Names and values of the variables that a function's settings declare; with more it does not run. @default 4 KiB */
  readonly variablesBytes: number;
  /** Runs of one function at once; one more is refused (-501004) and not kept waiting. @default none */
  readonly concurrentCalls: number;
  /** Database and storage requests under way at once; one more is refused (-501004). @default none */
  readonly concurrentRequests: number;
  /** SDK requests and calls in one second of the clock; one more is refused (EXCEED_RATELIMIT). @default none */
  readonly requestsPerSecond: number;
  /** Whether an instance ends at its function's `memorySize` (256 MB where nothing is said), Buffers included. @default true */
  readonly memory: boolean;
  /** Whether a run ends at the function's `timeout`. @default true */
  readonly timeout: boolean;
}

const PRODUCTION: Limits = {
  eventBytes: 6 * MIB,
  resultBytes: MIB,
  responseBytes: 6 * MIB,
  httpTextBytes: 100 * KIB,
  httpBodyBytes: 6 * MIB,
  httpResponseBytes: MIB,
  queryResultBytes: 50 * MIB,
  collections: 300,
  variablesBytes: 4 * KIB,
  concurrentCalls: Infinity,
  concurrentRequests: Infinity,
  requestsPerSecond: Infinity,
  memory: true,
  timeout: true,
};

/** As little as the machine allows: what this process still takes in one piece. */
const RELAXED: Limits = {
  ...PRODUCTION,
  eventBytes: 512 * MIB,
  resultBytes: Infinity,
  responseBytes: Infinity,
  httpTextBytes: 512 * MIB,
  httpBodyBytes: 512 * MIB,
  httpResponseBytes: Infinity,
  queryResultBytes: Infinity,
  collections: Infinity,
  variablesBytes: Infinity,
  memory: false,
  timeout: false,
};

/** The limits in force: production's with what was set, or none. */
export function limitsOf(set: false | Partial<Limits> = {}): Limits {
  return set === false ? RELAXED : { ...PRODUCTION, ...set };
}

/** Counts what is under way, and refuses one more than allowed. */
export interface Gate {
  /** Enters, or throws the refusal; what it answers leaves again. */
  enter(key: string): () => void;
}

/** A gate for `limit` at once of every key. */
export function createGate(limit: number): Gate {
  const inside = new Map<string, number>();
  return {
    enter(key) {
      const now = inside.get(key) ?? 0;
      if (now >= limit) throw new CloudError('EXCEED_CONCURRENT_REQUEST_LIMIT', `${limit} are under way`);
      inside.set(key, now + 1);
      return () => {
        const left = (inside.get(key) ?? 1) - 1;
        if (left === 0) inside.delete(key);
        else inside.set(key, left);
      };
    },
  };
}

/** What all requests of the environment share. */
export interface Traffic {
  /** Counts a request; throws the refusal of one too many in this second. */
  count(): void;
  /** Counts a request until what it answers is called; throws the refusal of one too many at once. */
  enter(): () => void;
}

/** The traffic of an environment with these limits. */
export function createTraffic({ requestsPerSecond, concurrentRequests }: Limits, now: () => number): Traffic {
  const gate = createGate(concurrentRequests);
  return { count: createMeter(requestsPerSecond, now), enter: () => gate.enter('requests') };
}

/** Refuses what comes after the first `perSecond` of a second of the clock. */
function createMeter(perSecond: number, now: () => number): () => void {
  let second = 0;
  let count = 0;
  return () => {
    const current = Math.floor(now() / 1000);
    count = current === second ? count + 1 : 1;
    second = current;
    if (count > perSecond) throw new CloudError('EXCEED_RATELIMIT', `${perSecond} requests a second are exceeded`);
  };
}
