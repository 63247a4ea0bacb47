/** Faults on the wire. */
export { createFaults, type FaultReport, type Faults } from './faults.ts';
export { runWithFaults } from './inject.ts';
export type { FaultRule, RequestFacts } from './rule.ts';
