/**
 * How a small world goes on: nothing happens in it but one thing at a time. It performs one statement or fires one timer,
 * and the function that hears of it does all that it does without time.
 */
import { openHoldsIn } from '../../src/once/index.ts';
import { Behaviours, type Deed, type Event } from './behaviours.ts';
import { DOWN, downAfter, FREEZE_MS, isDown, LATE_MS, VERY_LATE_MS, type Fault, type Move } from './faults.ts';
import { KIND, TIMEOUT_MS, type Answer, type Promised, type ProviderMood } from './functions.ts';
import { Numbers } from './known.ts';
import { apply, draftOf, end, freeze, hasBusiness, insert, isOwn, thawOf, type Draft } from './draft.ts';
import type { Coming, Request, State } from './state.ts';
import { Statements, type PaidCall, type Statement } from './statements.ts';
import { ENDING, type Act, type Scene, type Story } from './stories.ts';
import type { Store } from '../../src/store/index.ts';

export interface MachineOptions {
  readonly story: Story;
  readonly mood: ProviderMood;
  readonly maxAttempts: number;
  readonly sabotage?: ((store: Store) => Store) | undefined;
}

const START_MS = Date.UTC(2026, 10, 22, 4, 0, 0);
/** One that is not over after so many turns without a step, or so many steps, never is. */
const MOST_TURNS = 20_000;
/** Whoever sent what is late may be gone. */
const NOBODY = 0;

export class Machine {
  readonly statements: Statements;
  readonly behaviours: Behaviours;
  readonly #script: readonly Scene[];
  readonly #veryLateMs: number;
  readonly #promised = new Numbers<readonly Promised[]>();

  constructor({ story, mood, maxAttempts, sabotage }: MachineOptions) {
    this.statements = new Statements(sabotage);
    this.behaviours = new Behaviours(this.statements, { mood, maxAttempts });
    this.#script = [...story.scenes, ...ENDING];
    this.#veryLateMs = story.veryLateMs ?? VERY_LATE_MS;
  }

  begin(): State {
    return {
      ...{ scene: 0, hasBegun: false, nowMs: START_MS, endsAtMs: 0, waiting: [], begun: 0, steps: 0, down: 0, held: 0 },
      ...{ contents: this.statements.nothing(), promised: this.#promised.of('[]', () => []), crash: undefined },
      ...{ coming: [], ready: [], frozen: [], alive: [] },
    };
  }

  isOver(state: State): boolean {
    return state.crash !== undefined || state.scene === this.#script.length;
  }

  /** Whether the next thing is a statement of which something can go wrong. */
  isStep(state: State): boolean {
    return state.hasBegun && state.ready.length > 0 && !this.#script[state.scene]?.isQuiet;
  }

  promisedIn(state: State): readonly Promised[] {
    return this.#promised.at(state.promised);
  }

  paidIn({ contents }: State): readonly PaidCall[] {
    return this.statements.documents(contents, 'paid') as unknown as readonly PaidCall[];
  }

  /** Where the world is at the next step, at the beginning of the next quiet scene, or at its end. */
  after(state: State, move: Move = {}): State {
    const draft = draftOf(state);
    if (this.isStep(state)) this.#step(draft, move);
    else this.#beginScene(draft);
    this.#proceed(draft);
    return draft;
  }

  #proceed(draft: Draft): void {
    for (let turns = 0; ; turns += 1) {
      if (turns > MOST_TURNS) draft.crash = 'does not end';
      if (draft.crash !== undefined) return;
      const scene = this.#script[draft.scene] as Scene;
      if (isSceneOver(draft, scene)) {
        this.#endScene(draft);
        const next = this.#script[draft.scene];
        if (!next || next.isQuiet) return;
        this.#beginScene(draft);
      } else if (draft.ready.length === 0) this.#fire(draft);
      else if (!scene.isQuiet) return;
      else this.#perform(draft, draft.ready.shift() as Request);
    }
  }

  #endScene(draft: Draft): void {
    draft.nowMs = Math.max(draft.nowMs, draft.endsAtMs);
    draft.endsAtMs = 0;
    draft.scene += 1;
    draft.hasBegun = false;
  }

  #beginScene(draft: Draft): void {
    const scene = this.#script[draft.scene] as Scene;
    if (scene.notesHeld) draft.held = this.#heldIn(draft);
    if (scene.down) draft.down = scene.down === 'nothing' ? 0 : DOWN[scene.down];
    draft.hasBegun = true;
    if ('laterMs' in scene) draft.endsAtMs = draft.nowMs + scene.laterMs;
    else for (const act of scene.acts) this.#beginFunction(draft, act);
  }

  #beginFunction(draft: Draft, act: Act): void {
    const owner = draft.begun++;
    const stage = this.behaviours.start({ act, number: owner, atMs: draft.nowMs });
    draft.waiting.push(owner);
    draft.alive.push({ owner, stage, hasAnswered: false });
    this.#happened(draft, owner, stage);
    if (draft.waiting.includes(owner)) insert(draft, { atMs: draft.nowMs + TIMEOUT_MS, owner, kind: 'gives-up' });
  }

  #step(draft: Draft, { fault, owner }: Move): void {
    const index = owner === undefined ? 0 : draft.ready.findIndex((request) => request.owner === owner);
    const [request] = draft.ready.splice(index, 1);
    draft.steps += 1;
    if (draft.steps > MOST_TURNS) draft.crash = 'does not end';
    this.#perform(draft, request as Request, fault);
  }

  #perform(draft: Draft, { owner, number, statement }: Request, fault?: Fault): void {
    draft.down = downAfter(fault, draft.down);
    const isLost = isDown(statement, draft.down);
    if (fault === 'killed-after' && !isLost) this.#effect(draft, statement);
    if (fault === 'killed-before' || fault === 'killed-after') return end(draft, owner);
    if (fault === 'frozen-before' || fault === 'frozen-after') freeze(draft, owner);
    if (isLost) return this.#tell(draft, { owner, number, answer: this.statements.failure('STORE_UNAVAILABLE') });
    if (fault === 'frozen-before') return this.#sendAtThaw(draft, { owner, number, statement });
    const lateMs = fault === 'late' ? LATE_MS : fault === 'very-late' ? this.#veryLateMs : undefined;
    if (lateMs !== undefined) insert(draft, { atMs: draft.nowMs + lateMs, owner: NOBODY, kind: 'late', statement });
    const isUncertain = lateMs !== undefined || fault === 'lost' || fault === 'answer-lost';
    const answer = fault === 'lost' || lateMs !== undefined ? 0 : this.#effect(draft, statement);
    this.#tell(draft, { owner, number, answer: isUncertain ? this.statements.failure('STORE_UNCERTAIN') : answer });
  }

  #effect(draft: Draft, statement: Statement): number {
    const { answer, contents } = this.statements.perform(statement, draft.contents);
    draft.contents = contents as number[];
    return answer;
  }

  // What the function's own timers have to say at the thaw comes before the answer to what it sends only then.
  #sendAtThaw(draft: Draft, { owner, number, statement }: Request): void {
    insert(draft, { atMs: draft.nowMs + FREEZE_MS, owner, kind: 'thaw', number, statement });
  }

  #tell(draft: Draft, { owner, number, answer }: { owner: number; number: number; answer: number }): void {
    const thawsAtMs = thawOf(draft, owner);
    if (thawsAtMs !== undefined) insert(draft, { atMs: thawsAtMs, owner, kind: 'answer', number, answer });
    else this.#hear(draft, owner, { atMs: draft.nowMs, number, answer });
  }

  #fire(draft: Draft): void {
    const coming = draft.coming.shift() as Coming;
    draft.nowMs = Math.max(draft.nowMs, coming.atMs);
    const thawsAtMs = isOwn(coming) ? thawOf(draft, coming.owner) : undefined;
    if (thawsAtMs === undefined) this.#happen(draft, coming);
    else insert(draft, { ...coming, atMs: thawsAtMs });
  }

  #happen(draft: Draft, coming: Coming): void {
    const { owner, atMs } = coming;
    switch (coming.kind) {
      case 'timer':
        return this.#hear(draft, owner, { atMs: draft.nowMs, number: coming.number });
      case 'answer':
        return this.#tell(draft, coming);
      case 'thaw':
        return insert(draft, { ...coming, kind: 'sends', atMs });
      case 'sends':
        return this.#tell(draft, { ...coming, answer: this.#effect(draft, coming.statement) });
      case 'late':
        return void this.#effect(draft, coming.statement);
      case 'gives-up':
        draft.waiting = draft.waiting.filter((other) => other !== owner);
    }
  }

  #hear(draft: Draft, owner: number, event: Event): void {
    const index = draft.alive.findIndex((alive) => alive.owner === owner);
    const before = draft.alive[index];
    if (!before) return;
    const stage = this.behaviours.after(before.stage, event);
    draft.alive[index] = { ...before, stage };
    this.#happened(draft, owner, stage);
  }

  #happened(
    draft: Draft,
    owner: number,
    { deeds, answer }: { deeds: readonly Deed[]; answer?: Answer | undefined },
  ): void {
    for (const deed of deeds) apply(draft, owner, deed);
    const index = draft.alive.findIndex((alive) => alive.owner === owner);
    const alive = draft.alive[index];
    if (!alive || !answer) return;
    if (!alive.hasAnswered) {
      draft.alive[index] = { ...alive, hasAnswered: true };
      this.#answered(draft, owner, answer);
    }
    if (!hasBusiness(draft, owner)) end(draft, owner);
  }

  #answered(draft: Draft, owner: number, answer: Answer): void {
    // Also what it says after the platform gave up waiting: somebody may have heard it.
    if (answer.kind === 'promised') draft.promised = this.#with(draft.promised, answer.promised);
    if (!draft.waiting.includes(owner)) return;
    if (answer.kind === 'crashed') draft.crash = answer.words;
    draft.waiting = draft.waiting.filter((other) => other !== owner);
    draft.coming = draft.coming.filter((coming) => coming.kind !== 'gives-up' || coming.owner !== owner);
  }

  #with(promised: number, further: Promised): number {
    const texts = new Set([...this.#promised.at(promised), further].map((promise) => JSON.stringify(promise)));
    const text = `[${[...texts].sort().join()}]`;
    return this.#promised.of(text, () => JSON.parse(text) as Promised[]);
  }

  #heldIn(state: State): number {
    const holds = this.statements.documents(state.contents, 'users').flatMap((user) => openHoldsIn(user, KIND));
    const paid = this.paidIn(state);
    return holds.filter(([id]) => !paid.some(({ reference }) => reference.startsWith(id))).length;
  }
}

function isSceneOver({ waiting, ready, coming, endsAtMs }: Draft, scene: Scene): boolean {
  if (!('laterMs' in scene)) return waiting.length === 0;
  return ready.length === 0 && !(coming[0] && coming[0].atMs <= endsAtMs);
}
