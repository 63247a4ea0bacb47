import { asDurableError, DurableError, isDurableError, type Code } from '../../core/index.ts';

/**
 * What a canary met. `missing`: the tier's collection does not exist · `off`: the deployment has no such tier ·
 * `undecided`: neither "works" nor "down" can be said, and somebody must look.
 */
export type Outcome =
  | { readonly status: 'works'; readonly left: boolean }
  | { readonly status: 'missing' | 'off' }
  | { readonly status: 'down' | 'undecided'; readonly code: Code; readonly message: string };

/** One tier, as a canary meets it. Every step may be repeated, and rejects where the tier does not answer. */
export interface Ground {
  /** Removes what an earlier run left. */
  sweep(): Promise<void>;
  /** Writes the canary by the very code that writes records. */
  write(): Promise<void>;
  /** The token of the canary that is there, or undefined. */
  read(): Promise<string | undefined>;
  remove(): Promise<void>;
}

/** Two checks at the same time remove each other's canaries: then it is tried again. */
const MAX_ROUNDS = 3;
/** Codes that speak of us and not of the tier. */
const OURS: readonly Code[] = ['INTERNAL', 'INPUT_INVALID', 'CONFIG_INVALID', 'DEADLINE_PASSED'];

/** Sends a canary through a tier and takes it back. */
export async function probe(ground: Ground, token: string): Promise<Outcome> {
  let isContended = false;
  try {
    for (let round = 1; round <= MAX_ROUNDS; round += 1) {
      const seen = await sendOnce(ground);
      if (seen === token) return { status: 'works', left: !(await removed(ground)) };
      isContended ||= seen !== undefined;
    }
  } catch (thrown) {
    return failed(asDurableError(thrown));
  }
  await removed(ground);
  if (!isContended) return failed(new DurableError('STORE_REJECTED', 'a write was acknowledged, and nothing is there'));
  const message = 'the canary of another check is in the way; run it again alone';
  return { status: 'undecided', code: 'STORE_CONFLICT', message };
}

async function sendOnce(ground: Ground): Promise<string | undefined> {
  await ground.sweep();
  try {
    await ground.write();
  } catch (error) {
    // Of files, another content under the same name is refused.
    if (!isDurableError(error, 'STORE_DUPLICATE')) throw error;
  }
  return ground.read();
}

// A canary that stays is found by the next run: no reason to call a tier down that took it and showed it.
async function removed(ground: Ground): Promise<boolean> {
  return ground.remove().then(
    () => true,
    () => false,
  );
}

function failed({ code, message }: DurableError): Outcome {
  if (code === 'STORE_NOT_FOUND') return { status: 'missing' };
  return { status: OURS.includes(code) ? 'undecided' : 'down', code, message };
}
