/** Look, report, repair. */
export {
  createCheck,
  type Check,
  type CheckDeps,
  type CheckProgress,
  type DerivedSection,
  type Keep,
} from './check.ts';
export { INDICATOR_INPUTS, indicatorsSection } from './indicators.ts';
export { createUsersSection, type UsersSectionDeps } from './users-section.ts';
export {
  repairUserCounts,
  type CountRepair,
  type ExplainedCount,
  type RepairDeps,
  type RepairReport,
  type RepairRequest,
} from './user-counts.ts';
export { adviceFor } from './advice.ts';
export { renderReport, renderReportJson, type RenderOptions } from './render.ts';
export { findingText, type ReportLanguage } from './render-findings.ts';
export { renderTrend, renderTrendJson, trendOf, type TrendPoint } from './render-trend.ts';
export { latestReports, storeReport, type LatestReports, type ReportsDeps } from './reports.ts';
export {
  createRetention,
  readRetentionCheckpoint,
  type PruneRequest,
  type Retention,
  type RetentionCheckpoint,
  type RetentionReport,
  retentionPhases,
} from './retention.ts';
