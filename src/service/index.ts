/** Wires rooms into functions: parse, authorise, deadline, envelope, log. */
export { createGenerateImage, createGenerateImageApart } from './generate-image.ts';
export { rarely } from './rarely.ts';
export { openTools, sealsOf, type Runtime } from './runtime.ts';
export { createHandler, type Action, type Call, type FunctionContext, type HandlerDeps } from './handler.ts';
export { createCheckDataIntegrity, type CheckAnswer } from './check-data-integrity.ts';
export {
  CHECK_SECTIONS,
  createIntegrityCheck,
  KIND_SECTIONS,
  readSectionNames,
  type IntegrityCheckOptions,
} from './integrity-check.ts';
export { createFixUserConsistency } from './fix-user-consistency.ts';
export { createRecoverFromBackup } from './recover-from-backup.ts';
export { createAlerts, type Alerts } from './alerts.ts';
export { planAlerts, type RunOutcome } from './alert-plan.ts';
export { readConfig, readList, type Environment } from './config.ts';
export { fail, succeed, type Envelope } from './envelope.ts';
export type { Ask, AskContext, CostlyCall } from './costly-call.ts';
export { createDesk, type DeskOptions, type DeskRecovery, type Durable } from './desk.ts';
export { expectedJobs } from './maintenance-jobs.ts';
export type { TimerOptions, TimerRun, TimerWork } from './timer.ts';
export { collection, having, object, optional, readOptions, text, texts, wholeNumber, type Rules } from './options.ts';
