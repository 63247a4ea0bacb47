import { createGenerationRecovery, type GenerationRecovery } from '../../generation/index.ts';
import { createPlainKind, createRecovery } from '../../once/index.ts';
import { collections } from '../../records/index.ts';
import { openTools, readConfig, type Runtime } from '../../service/index.ts';
import { is, type Store } from '../../store/index.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Language } from '../language.ts';
import { isPictures, type KindOptions } from '../options.ts';

/** The recovery that the functions run. Throws `CONFIG_INVALID` for a wrong setting of this shell. */
export function openRecovery(runtime: Runtime, kind: KindOptions): GenerationRecovery {
  const deps = { ...runtime, ...openTools(runtime) };
  return isPictures(kind) ? createGenerationRecovery(deps) : createRecovery(deps, createPlainKind(kind));
}

/**
 * Rejects with exit code 2 where letters wait that were written under a key which this shell does not have: without it
 * recovery would, after a day, take a record that was paid for as one without evidence.
 */
export async function assertKeyForLetters(runtime: Runtime, language: Language): Promise<void> {
  if (readConfig(runtime.env).key !== undefined) return;
  if ((await keyedLetters(runtime.store)) === 0) return;
  const text = {
    zh: '有备份记录是用 WX_DURABLE_KEY 写入的：请在本终端设置与云函数相同的 WX_DURABLE_KEY',
    en: 'letters wait that were written under WX_DURABLE_KEY: set it in this shell as the functions have it',
  };
  throw new CommandFailure(exitCodes.denied, text[language]);
}

async function keyedLetters(store: Store): Promise<number> {
  // A code under a key begins with `hmac:`, a digest with `sha256:`, which is greater.
  const where = { state: 'waiting', mac: is.below('hmac;') };
  return store.count(collections.emergencyBackup, where).catch(noneIfMissing);
}

function noneIfMissing(error: unknown): number {
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'STORE_NOT_FOUND') return 0;
  throw error;
}
