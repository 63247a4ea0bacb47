/** What the integrity check says about costly calls of any kind. */
export { createCallsSection, type CallsSectionDeps } from './calls-section.ts';
