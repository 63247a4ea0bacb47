import type { System } from '../histories/system.ts';

/** A system in the comparison. */
export interface Contender extends System {
  /** The generation that a record is of: the reference under which it was paid, without the attempt. */
  keyOf(work: { readonly _id: string; readonly [field: string]: unknown }): string;
  /** How often its timer recovers while people call. @default never */
  readonly recoverEveryMs?: number;
  /** Its recovery and repair run in the kindest setting: without faults, and with nothing else running. @default false */
  readonly isTreatedKindly?: boolean;
}

/** The collections of all systems. */
export const COLLECTIONS = ['users', 'works', 'emergency_backup', 'idempotency'];
