/** What the integrity check says about pictures. */
export { createWorksSection, type WorksSectionDeps, type WorksSectionOptions } from './works-section.ts';
export { anomaliesOf } from './anomalies.ts';
