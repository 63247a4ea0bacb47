import type { Clock, Deadline, Hash, Log, Random, Seal } from '../../../src/core/index.ts';
import type { Download, Provider } from '../../../src/generation/index.ts';
import type { Blobs, Document, Store } from '../../../src/store/index.ts';
import type { Said } from './truth.ts';

/** What an instance of a system reaches the world through; everything in it fails as the seed says. */
export interface InstancePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hash: Hash;
  readonly log: Log;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly provider: Provider;
  readonly download: Download;
  /** Absent in worlds whose deployment has no key. */
  readonly seal: Seal | undefined;
  /** Executions of one statement in all. */
  readonly maxAttempts: number;
}

export interface CallRequest {
  readonly openid: string;
  readonly requestId: string;
  /** The prompt. */
  readonly wish: string;
  readonly retryUnknown: boolean;
}

/** What a function answers; what it does not answer is the platform's to tell. */
export type Told = Exclude<Said, { readonly kind: 'nothing' }>;

/** A running instance: what it keeps between calls dies with it. */
export interface Booted {
  call(request: CallRequest, deadline: Deadline): Promise<Told>;
  /** Deletes a record for its owner; answers whether the owner is told that it is done. */
  remove?(openid: string, key: string, deadline: Deadline): Promise<boolean>;
  /** One run of recovery; `from` is what the last run that ended answered. */
  recover?(deadline: Deadline, from: unknown): Promise<unknown>;
  /** One run of the repair of counters. */
  repair?(deadline: Deadline): Promise<void>;
  /** One run of the pruning of what closed calls leave. */
  prune?(deadline: Deadline): Promise<void>;
  /** Takes back what stands in exported lines of log. */
  readLog?(lines: readonly string[], deadline: Deadline): Promise<void>;
}

/** An algorithm under test; the world and its faults know nothing of what is inside. */
export interface System {
  readonly name: string;
  /** The id under which the world knows this request; with `Booted.call` it is all that names it. */
  keyOf?(work: Document): string;
  boot(ports: InstancePorts): Booted;
}
