/** Ground floor: time, identity, days, errors, and the ports that everything else is given. */
export {
  exchange,
  jsonIn,
  readAtMost,
  type Exchange,
  type ExchangeRequest,
  type Fetch,
  type HttpDeps,
} from './exchange.ts';
export { sleep, withTimeout, type Clock } from './clock.ts';
export { createDeadline, type Deadline } from './deadline.ts';
export { beijingDay, beijingMidnight, nextBeijingMidnight } from './day.ts';
export { attemptName, recordId, userId } from './ids.ts';
export { canonicalJson, parseCanonical, type Plain } from './json.ts';
export { printable } from './printable.ts';
export type { Hash, Log, LogFields, LogLevel, Random, Seal } from './ports.ts';
export { asDurableError, codeFacts, codes, DurableError, isDurableError, type Category, type Code } from './errors.ts';
