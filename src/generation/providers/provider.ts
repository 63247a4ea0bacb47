import type { Deadline } from '../../core/index.ts';

/** A picture: an address where it can be fetched for a while, or its bytes. */
export type Picture = { readonly url: string } | { readonly bytes: Uint8Array };

/** Why there is no picture. */
export interface Trouble {
  /** For the record and, where the service said it, for the person. */
  readonly message: string;
  /** For the log: the status of the answer, … */
  readonly httpStatus?: number | undefined;
  /** … and the service's or the system's own name of what happened; a plain name, never text of theirs. */
  readonly cause?: string | undefined;
}

/**
 * What an image service said. `failed` only where it certainly made nothing (a refusal, a request that was
 * never sent); anything unclear is `unknown`, since it may have been paid for.
 */
export type ProviderResult =
  | { readonly status: 'completed'; readonly picture: Picture }
  | ({ readonly status: 'failed' } & Trouble)
  | ({ readonly status: 'unknown' } & Trouble);

export interface PictureRequest {
  readonly prompt: string;
  /** Record and attempt: sent along so that the service's own log names our record. */
  readonly reference: string;
  readonly deadline: Deadline;
}

/** An image service. */
export interface Provider {
  /** Stands in the record. */
  readonly name: string;
  /** Besides https, pictures may be fetched from this origin (a service on a private network). */
  readonly trustedOrigin?: string | undefined;
  /** How long its pictures' addresses work, milliseconds. @default 3_600_000 */
  readonly keepsPicturesMs?: number | undefined;
  /** Makes the picture, or answers the task id under which it is being made. */
  submit(request: PictureRequest): Promise<ProviderResult | { readonly status: 'accepted'; readonly taskId: string }>;
  /** What became of a task. Absent for a synchronous service. */
  ask?(taskId: string, deadline: Deadline): Promise<ProviderResult | { readonly status: 'running' }>;
}
