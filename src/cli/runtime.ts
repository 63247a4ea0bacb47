import type { Log, Seal } from '../core/index.ts';
import { nodePorts } from '../core/node/index.ts';
import { readConfig, type Runtime } from '../service/index.ts';
import type { Session } from './session.ts';

/** What functions would stand on, on this machine: the session's cloud, and the settings of this shell. */
export function runtimeOf({ target, terminal }: Session, log: Log): Runtime {
  // Nothing is generated from here, so nothing is moderated.
  const { WX_DURABLE_MODERATION: _unused, ...env } = terminal.env;
  return { ...nodePorts, store: target.store, blobs: target.blobs, log, env, fetch, identity: () => ({}) };
}

/** The deployment's keys as this shell has them; throws `CONFIG_INVALID` for what is none. */
export function sealsOf({ env, createSeal }: Pick<Runtime, 'env' | 'createSeal'>): {
  readonly seal: Seal | undefined;
  readonly previousSeals: readonly Seal[];
} {
  const { key, previousKeys } = readConfig(env);
  return {
    seal: key === undefined ? undefined : createSeal(key),
    previousSeals: previousKeys.map((each) => createSeal(each)),
  };
}
