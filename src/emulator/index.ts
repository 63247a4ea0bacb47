/** A local CloudBase that the unmodified `wx-server-sdk` talks to. */
export { clientEnvironment, createEmulator, type Emulator, type EmulatorOptions } from './emulator.ts';
export type { FaultRule } from './faults/index.ts';
export type { InvokeAnswer, Limits } from './functions/index.ts';
export type { PictureCall } from './picture-service/index.ts';
export type { Durability } from './journal/index.ts';
export type { ExportSummary } from './transfer/index.ts';
