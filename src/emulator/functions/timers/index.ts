/** Timers: what the functions' settings declare, and running it. */
export { createTimers, type Timers, type TimersOptions } from './timers.ts';
