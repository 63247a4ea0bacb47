import { DurableError, userId, type Hash } from '../core/index.ts';
import { collections } from '../records/index.ts';
import type { CallOptions, Document, Store } from '../store/index.ts';

export interface Registration {
  /** Whether an unknown user is registered on first use, or refused. */
  readonly open: boolean;
  readonly initialCredits: number;
}

export interface UserDeps {
  readonly store: Store;
  readonly hash: Hash;
  readonly registration: Registration;
}

/** The document of the person with this openid, or undefined. */
export async function findUser(deps: UserDeps, openid: string, call: CallOptions): Promise<Document | undefined> {
  const { items } = await deps.store.page(collections.users, { where: { openid }, limit: 2 }, call);
  // Two documents of one person (the app registered them as well): the one made here has the holds.
  const own = items.length > 1 ? userId(deps.hash, openid) : undefined;
  return items.find(({ _id }) => _id === own) ?? items[0];
}

/**
 * The document of this person, registered now if unknown. The new document's `_id` is made from the openid,
 * so that two first calls at once register one user. Rejects with `USER_UNREGISTERED` where that is closed.
 */
export async function findOrRegister(
  deps: UserDeps,
  openid: string,
  call: CallOptions & { nowMs: number },
): Promise<Document> {
  const known = await findUser(deps, openid, call);
  if (known) return known;
  if (!deps.registration.open) {
    throw new DurableError('USER_UNREGISTERED', 'this user is not registered, and registration is closed');
  }
  const fresh: Document = {
    _id: userId(deps.hash, openid),
    openid,
    credits: deps.registration.initialCredits,
    generateCount: 0,
    vipLevel: 0,
    createdAt: new Date(call.nowMs),
  };
  if ((await deps.store.insert(collections.users, fresh, call)) === 'inserted') return fresh;
  const registered = await deps.store.get(collections.users, fresh._id, call);
  if (registered) return registered;
  throw new DurableError('STORE_UNCERTAIN', 'the user was just registered but cannot be read; ask again');
}
