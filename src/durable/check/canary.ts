import type { Document } from '../../store/index.ts';

/**
 * A canary is a record that a check writes, reads back and removes, to see that a tier works. It is inert for
 * everybody else: its `_id` starts with `canary_`, it belongs to no user, has no status, and as a letter it is closed.
 * Its ids are fixed, so that the next run finds and removes what a killed one left.
 */
const PREFIX = 'canary_';

/** Whether a document of this id is a check's own and not a record. */
export function isCanary(id: string): boolean {
  return id.startsWith(PREFIX);
}

/** Where a walk by id starts to meet the canaries of a collection first. */
export const BEFORE_CANARIES = { id: PREFIX } as const;

/** The canary for a tier; every run has a `token` of its own. */
export function composeCanary(tier: string, token: string, atMs: number): Document {
  const id = `${PREFIX}${tier}`;
  // `id` and `requestId` are given, since a deployment may keep them unique, and absent counts as a value there.
  return { _id: id, id, requestId: id, canary: true, token, createdAt: new Date(atMs) };
}
