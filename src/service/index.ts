/** Wires rooms into functions: parse, authorise, deadline, envelope, log. */
export { createGenerateImage } from './generate-image.ts';
export type { Runtime } from './runtime.ts';
export { createHandler, type Action, type Call, type FunctionContext, type HandlerDeps } from './handler.ts';
export { createFixUserConsistency, createRecoverFromBackup } from './maintenance.ts';
export { readConfig, type Environment } from './config.ts';
export { fail, succeed, type Envelope } from './envelope.ts';
export { createDesk, type CostlyCall, type DeskOptions, type DeskRecovery, type Durable } from './desk.ts';
