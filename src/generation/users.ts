import { DurableError, userId, type Deadline, type Hash } from '../core/index.ts';
import { retried, type Retrier } from '../durable/index.ts';
import { collections } from '../records/index.ts';
import type { CallOptions, Document, CallStore } from '../store/index.ts';

export interface Registration {
  /** Whether an unknown user is registered on first use, or refused. */
  readonly open: boolean;
  readonly initialCredits: number;
}

export interface UserDeps {
  readonly store: CallStore;
  readonly hash: Hash;
  readonly registration: Registration;
  readonly writer: { readonly retrier: Retrier };
}

/** The document of the person with this openid, or undefined. */
export async function findUser(
  deps: Pick<UserDeps, 'store' | 'hash'>,
  openid: string,
  call: CallOptions,
): Promise<Document | undefined> {
  const { items } = await deps.store.page(collections.users, { where: { openid }, limit: 2 }, call);
  // Two documents of one person (the app registered them as well): the one made here has the holds.
  const own = items.length > 1 ? userId(deps.hash, openid) : undefined;
  return items.find(({ _id }) => _id === own) ?? items[0];
}

/** A person as read, or as they will be registered. */
export interface Person {
  readonly document: Document;
  readonly isRegistered: boolean;
}

/**
 * The person with this openid; for somebody unknown the document that `register` would store. Its `_id` is made from
 * the openid, so that two first calls at once register one user. Rejects with `USER_UNREGISTERED` where that is closed.
 */
export async function findPerson(
  deps: UserDeps,
  openid: string,
  call: CallOptions & { nowMs: number },
): Promise<Person> {
  const known = await findUser(deps, openid, call);
  if (known) return { document: known, isRegistered: true };
  if (!deps.registration.open) {
    throw new DurableError('USER_UNREGISTERED', 'this user is not registered, and registration is closed');
  }
  const document: Document = {
    _id: userId(deps.hash, openid),
    openid,
    credits: deps.registration.initialCredits,
    generateCount: 0,
    vipLevel: 0,
    createdAt: new Date(call.nowMs),
  };
  return { document, isRegistered: false };
}

/** Stores this person's document; somebody else may have been first, which changes nothing. */
export async function register(deps: UserDeps, { document }: Person, deadline: Deadline): Promise<void> {
  await retried(deps.writer.retrier, { key: collections.users, deadline }, (call) =>
    deps.store.insert(collections.users, document, call),
  );
}
