/** Cloud functions in worker threads. */
export {
  failureOf,
  hasRun,
  resultOrRefusal,
  throttled,
  toInvokeAnswer,
  type Failure,
  type InvokeAnswer,
} from './answer.ts';
export {
  CLIENT_CALLER,
  CLIENT_TOKEN,
  ENV_ID,
  callerEnvironment,
  sdkEnvironment,
  TIMER_CALLER,
  type Caller,
} from './environment.ts';
export { createFunctions, type ConsoleOutput, type FunctionAnswer, type Functions } from './functions.ts';
export type { Invocation } from './invocations.ts';
export type { InstanceEnvironment } from './pool.ts';
export { createTraffic, limitsOf, type Limits, type Traffic } from './limits.ts';
export { createTimers, type Timers, type TimersOptions } from './timers/index.ts';
