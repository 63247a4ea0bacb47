import type { Log } from '../core/index.ts';
import { nodePorts } from '../core/node/index.ts';
import type { Runtime } from '../service/index.ts';
import type { Session } from './session.ts';

/** What functions would stand on, on this machine: the session's cloud, and the settings of this shell. */
export function runtimeOf({ target, terminal }: Session, log: Log): Runtime {
  // Nothing is generated from here, so nothing is moderated.
  const { WX_DURABLE_MODERATION: _unused, ...env } = terminal.env;
  return { ...nodePorts, store: target.store, blobs: target.blobs, log, env, identity: () => ({}) };
}
