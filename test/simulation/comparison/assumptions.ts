import type { Place } from '../histories/profile.ts';

/** Everything that the comparison assumes of the world; nothing else is built in. */
export interface Assumptions {
  /** Calls that people make, by so many users, over so many days. */
  readonly calls: number;
  readonly callsPerUser: number;
  readonly callsPerDay: number;
  /** The platform kills a function that has not answered by then. */
  readonly functionTimeoutMs: number;
  /** Of each request to the database or storage: never arrives; arrives, and the answer is lost. */
  readonly requestLostShare: number;
  readonly answerLostShare: number;
  /** Of each request: its answer is lost, and it takes effect only so much later. */
  readonly zombieShare: number;
  readonly zombieMs: number;
  /** What a loss looks like: an error after `resetMs`, or silence until the SDK's own limit. */
  readonly loss: 'reset' | 'hang';
  readonly resetMs: number;
  readonly sdkTimeoutMs: number;
  /** Lognormal latency of every other request. */
  readonly tripMedianMs: number;
  readonly tripSigma: number;
  /** Share of the time in an outage, their exponential mean length, and what is down in them. */
  readonly outageShare: number;
  readonly outageMs: number;
  /** One of these, each as likely as any other. */
  readonly outagePlaces: readonly Place[];
  /** Of the calls: the function is killed at a uniform moment of its fault-free duration. */
  readonly killShare: number;
  /** The image service: lognormal, a share of errors, each paid for and recorded as failed. */
  readonly providerMedianMs: number;
  readonly providerSigma: number;
  readonly providerErrorShare: number;
  /** A person who got no picture asks once more: so long after an error, or after silence or "in progress". */
  readonly clientRetries: 0 | 1;
  readonly retryAfterErrorMs: number;
  readonly retryAfterSilenceMs: number;
  /** Of the lines that a function logs. */
  readonly logLossShare: number;
}

/** The headline: errors come promptly, which is kind to whoever has no time limit of its own. */
export const HEADLINE: Assumptions = {
  calls: 100_000,
  callsPerUser: 10,
  callsPerDay: 100_000 / 7,
  functionTimeoutMs: 20_000,
  requestLostShare: 0.02,
  answerLostShare: 0.02,
  zombieShare: 0,
  zombieMs: 5_000,
  loss: 'reset',
  resetMs: 60,
  sdkTimeoutMs: 15_000,
  tripMedianMs: 20,
  tripSigma: 0.6,
  outageShare: 0.01,
  outageMs: 60_000,
  outagePlaces: [...manyOf(5, 'database'), ...manyOf(3, 'works'), 'emergency_backup', 'users'],
  killShare: 0.005,
  providerMedianMs: 500,
  providerSigma: 0.3,
  providerErrorShare: 0.05,
  clientRetries: 1,
  retryAfterErrorMs: 2_000,
  retryAfterSilenceMs: 4_500,
  logLossShare: 0.01,
};

/** One assumption changed at a time. */
export const VARIANTS: Readonly<Record<string, Partial<Assumptions>>> = {
  '3 s': { functionTimeoutMs: 3_000 },
  '60 s': { functionTimeoutMs: 60_000 },
  'losses hang': { loss: 'hang' },
  '3 s, losses hang': { functionTimeoutMs: 3_000, loss: 'hang' },
  'nobody asks again': { clientRetries: 0 },
  'late arrivals': { zombieShare: 0.005 },
  calm: { requestLostShare: 0.0005, answerLostShare: 0.0005, outageShare: 0.001, killShare: 0.0005 },
};

/** The same world without anything going wrong; how long a call takes in it says when it is killed in the other. */
export function withoutFaults(assumptions: Assumptions): Assumptions {
  const nothing = { requestLostShare: 0, answerLostShare: 0, zombieShare: 0, outageShare: 0, killShare: 0 };
  return { ...assumptions, ...nothing, logLossShare: 0 };
}

function manyOf(count: number, place: Place): readonly Place[] {
  return Array.from({ length: count }, () => place);
}
