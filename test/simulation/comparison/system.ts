import type { Clock, Hash, Log, Random } from '../../../src/core/index.ts';
import type { Blobs, Document, Store } from '../../../src/store/index.ts';
import type { MemoryStore } from '../../../src/store/memory/index.ts';

/** What a person asks for; a client keeps its request id when it asks again. */
export interface Ask {
  readonly openid: string;
  readonly userId: string;
  readonly requestId: string;
  readonly prompt: string;
}

/** What a person is told. */
export type Told =
  | { readonly kind: 'picture'; readonly url: string; readonly savedIn?: string }
  /** The image service made none, and that is the result. */
  | { readonly kind: 'failed' }
  /** Nothing was paid, says the function. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'in-progress' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'error' }
  /** The function was killed. */
  | { readonly kind: 'nothing' };

/** What the image service did. */
export interface Painted {
  readonly made: boolean;
  readonly url: string;
}

/** What one function instance reaches. */
export interface Reach {
  readonly clock: Clock;
  readonly random: Random;
  readonly hash: Hash;
  readonly log: Log;
  /** As the SDK reaches it: with the SDK's own time limit and no other. */
  readonly store: Store;
  readonly blobs: Blobs;
  readonly functionTimeoutMs: number;
  /** Has a picture made, which costs money from here on; `key` names the record that must come of it. */
  paint(key: string): Promise<Painted>;
}

/** What is there when all calls are over and the outages too. */
export interface Stage {
  readonly clock: Clock;
  /** The content of the database, reached without faults and with nothing else running. */
  readonly bare: MemoryStore;
  /** The log lines that were not lost. */
  readonly logLines: readonly string[];
  /** A fresh function instance, whose requests still meet the faults of every day. */
  boot(name: string): Reach;
  wait(ms: number): Promise<void>;
}

/** One way of keeping the record of a costly call. */
export interface System {
  readonly name: string;
  /** A function instance; what it answers serves one call after the other. */
  boot(reach: Reach): (ask: Ask) => Promise<Told>;
  /** What its timer runs while people call. */
  readonly timer?: { readonly everyMs: number; run(reach: Reach): Promise<void> };
  /** Its recovery and its count repair. */
  conclude(stage: Stage): Promise<void>;
  /** Under which key a record was paid. */
  keyOf(record: Document): string;
}

/** The collections of all systems. */
export const COLLECTIONS = ['users', 'works', 'emergency_backup', 'idempotency'];
