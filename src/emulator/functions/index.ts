/** Cloud functions in worker threads. */
export { resultOrRefusal, toInvokeAnswer, type InvokeAnswer } from './answer.ts';
export { CLIENT_CALLER, CLIENT_TOKEN, ENV_ID, callerEnvironment, sdkEnvironment, type Caller } from './environment.ts';
export { createFunctions, type ConsoleOutput, type Functions } from './functions.ts';
export type { Invocation } from './invocations.ts';
