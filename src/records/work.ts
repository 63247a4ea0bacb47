import type { Code } from '../core/index.ts';

/**
 * The states of a record:
 *
 *   (absent) ──▶ completed
 *      ├───────▶ failed
 *      └──▶ unknown ──▶ completed | failed
 *
 * `completed` and `failed` are final and never change. `unknown` means: paid perhaps, result not seen.
 */
export type WorkStatus = 'completed' | 'failed' | 'unknown';

/** Whether nothing may replace a record of this status. */
export function isFinal(status: unknown): status is 'completed' | 'failed' {
  return status === 'completed' || status === 'failed';
}

/** What copying a picture later goes by; kept while the asset is `pending`. */
export interface CopyRetry {
  /** Tries so far, the first one included. */
  readonly tries: number;
  /** How many of them met an address that had no picture. */
  readonly refusals: number;
  /** Not tried again before, … */
  readonly nextAtMs: number;
  /** … and when the provider's address is expected to die. */
  readonly expiresAtMs: number;
}

/** Where the picture's bytes are. */
export interface Asset {
  /**
   * `copied`: in cloud storage · `pending`: only at the provider, a later job copies it · `lost`: cannot be copied
   * and will not be tried again; what is shown is the provider's address while it lives.
   */
  readonly state: 'copied' | 'pending' | 'lost';
  readonly fileId: string | null;
  /** The provider's address; it expires after 1 hour to 30 days. Null when the bytes came directly. */
  readonly sourceUrl: string | null;
  readonly bytes: number | null;
  readonly contentType: string | null;
  /** Why it was not copied. */
  readonly error: Code | null;
  readonly retry?: CopyRetry;
}

/** One generation, as stored in `works`. */
export interface Work {
  readonly _id: string;
  readonly id: string;
  readonly userId: string;
  readonly openid: string;
  readonly title: string;
  readonly prompt: string;
  readonly originalPrompt: string;
  readonly character: string;
  readonly style: string;
  readonly emotion: string;
  readonly mode: string;
  readonly imageUrl: string;
  readonly enhancedPrompt: string;
  readonly status: WorkStatus;
  readonly errorMessage: string;
  readonly errorCode: Code | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly requestId: string;
  readonly provider: string;
  readonly asset: Asset | null;
  /** Beijing day (`YYYYMMDD`) whose quota it uses, and credits it cost. */
  readonly day: string;
  readonly price: number;
  readonly token: string;
  readonly attempt: number;
  readonly hash: string;
  readonly schemaVersion: number;
  /** With which attempt it was stored, and how long after the first was begun; of records stored by their own call. */
  readonly saveAttempts?: number;
  readonly saveMs?: number;
  readonly isRecovered?: boolean;
  readonly recoveredAt?: Date;
  readonly deletedAt?: Date;
  [field: string]: unknown;
}
