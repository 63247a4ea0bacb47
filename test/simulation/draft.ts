/** A state that is being made, and what is done to it. */
import type { Deed } from './behaviours.ts';
import { FREEZE_MS } from './faults.ts';
import type { Coming, State } from './state.ts';

export type Draft = { -readonly [K in keyof State]: State[K] extends readonly (infer T)[] ? T[] : State[K] };

export function draftOf(state: State): Draft {
  return {
    ...state,
    waiting: [...state.waiting],
    contents: [...state.contents],
    coming: [...state.coming],
    ready: [...state.ready],
    frozen: [...state.frozen],
    alive: [...state.alive],
  };
}

export function insert(draft: Draft, coming: Coming): void {
  const index = draft.coming.findIndex(({ atMs }) => atMs > coming.atMs);
  draft.coming.splice(index < 0 ? draft.coming.length : index, 0, coming);
}

export function freeze(draft: Draft, owner: number): void {
  draft.frozen = [...draft.frozen.filter(([other]) => other !== owner), [owner, draft.nowMs + FREEZE_MS]];
}

/** When it thaws; undefined where it is not frozen. */
export function thawOf({ frozen, nowMs }: Draft, owner: number): number | undefined {
  for (const [other, untilMs] of frozen) if (other === owner && untilMs > nowMs) return untilMs;
  return undefined;
}

/** Neither its timers nor its statements ever come; what is on its way arrives. */
export function end(draft: Draft, owner: number): void {
  draft.alive = draft.alive.filter((alive) => alive.owner !== owner);
  draft.frozen = draft.frozen.filter(([other]) => other !== owner);
  draft.ready = draft.ready.filter((request) => request.owner !== owner);
  draft.coming = draft.coming.filter((coming) => coming.owner !== owner || !isOwn(coming));
}

export const isOwn = ({ kind }: Coming): boolean => kind !== 'late' && kind !== 'gives-up';

export function hasBusiness({ coming, ready }: Draft, owner: number): boolean {
  return ready.some((request) => request.owner === owner) || coming.some((it) => it.owner === owner && isOwn(it));
}

export function apply(draft: Draft, owner: number, deed: Deed): void {
  const { kind, number } = deed;
  if (kind === 'asks') draft.ready.push({ owner, number, statement: deed.statement });
  else if (kind === 'sets') insert(draft, { atMs: deed.atMs, owner, kind: 'timer', number });
  else draft.coming = draft.coming.filter((it) => !(it.kind === 'timer' && it.owner === owner && it.number === number));
}
