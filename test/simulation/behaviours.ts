/**
 * What functions do. What one does next depends on what it has heard alone, so each course of what can be heard is
 * gone once, by the real code; where two courses part, the one that comes second is played from the beginning again,
 * and must lead through the same.
 */
import { settled } from '../support/test-clock.ts';
import { begin, TIMEOUT_MS, type Answer, type FunctionPorts, type ProviderMood } from './functions.ts';
import { Missing } from './known.ts';
import type { Act } from './stories.ts';
import type { Heard, Send, Statement, Statements } from './statements.ts';

/** Something that a function does. */
export type Deed =
  | { readonly kind: 'asks'; readonly number: number; readonly statement: Statement }
  | { readonly kind: 'sets'; readonly number: number; readonly atMs: number }
  | { readonly kind: 'cancels'; readonly number: number };

/** Something that happens to a function: an answer to what it asked, or one of its timers. */
export interface Event {
  readonly atMs: number;
  /** Of the statement or timer. */
  readonly number: number;
  /** Number of the answer; absent for a timer. */
  readonly answer?: number;
}

/** Where a function is after some events. */
export interface Stage {
  readonly id: number;
  /** What it has done since the event before. */
  readonly deeds: readonly Deed[];
  /** Present from the event on at which it answers. */
  readonly answer?: Answer | undefined;
  readonly next: Map<string, Stage>;
  readonly start: Start;
  readonly events: readonly Event[];
}

interface Start {
  readonly act: Act;
  readonly number: number;
  readonly atMs: number;
}

export interface BehaviourOptions {
  readonly mood: ProviderMood;
  readonly maxAttempts: number;
  /** @default the real functions */
  readonly begins?: (act: Act, ports: FunctionPorts) => Promise<Answer>;
}

/** So many functions are kept where they are, to go on from there. */
const MOST_KEPT = 500;

export class Behaviours {
  readonly #options: BehaviourOptions;
  readonly #statements: Statements;
  readonly #starts = new Map<string, Stage>();
  /** Those last used stand last. */
  readonly #kept = new Map<Stage, Running>();
  #stages = 0;
  /** Functions that were begun, to find out. */
  begun = 0;

  constructor(statements: Statements, options: BehaviourOptions) {
    this.#statements = statements;
    this.#options = options;
  }

  /** Where it is when it has just begun. */
  start(start: Start): Stage {
    const key = `${JSON.stringify(start.act)} ${start.number} ${start.atMs}`;
    const stage = this.#starts.get(key);
    if (stage) return stage;
    throw new Missing(async () => {
      const running = await this.#begin(start);
      this.#starts.set(key, this.#keep(running, this.#stageOf(running, { start, events: [] })));
    });
  }

  /** Where an event leads it. */
  after(stage: Stage, event: Event): Stage {
    const key = keyOf(event);
    const next = stage.next.get(key);
    if (next) return next;
    throw new Missing(async () => {
      const running = this.#kept.get(stage) ?? (await this.#replay(stage));
      this.#kept.delete(stage);
      await running.hear(event, this.#statements);
      const events = [...stage.events, event];
      stage.next.set(key, this.#keep(running, this.#stageOf(running, { start: stage.start, events })));
    });
  }

  #stageOf(running: Running, course: Pick<Stage, 'start' | 'events'>): Stage {
    return { id: this.#stages++, deeds: running.takeDeeds(), answer: running.answer, next: new Map(), ...course };
  }

  #keep(running: Running, stage: Stage): Stage {
    this.#kept.set(stage, running);
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(oldest);
    }
    return stage;
  }

  async #begin(start: Start): Promise<Running> {
    this.begun += 1;
    const running = new Running(start, this.#statements, this.#options);
    await settled();
    return running;
  }

  async #replay({ start, events }: Stage): Promise<Running> {
    const running = await this.#begin(start);
    let stage = this.start(start);
    expectSame(running.takeDeeds(), stage);
    for (const event of events) {
      stage = stage.next.get(keyOf(event)) as Stage;
      await running.hear(event, this.#statements);
      expectSame(running.takeDeeds(), stage);
    }
    return running;
  }
}

const keyOf = ({ atMs, number, answer }: Event): string => `${number} ${answer ?? ''} ${atMs}`;

function expectSame(deeds: readonly Deed[], stage: Stage): void {
  if (textOf(deeds) === textOf(stage.deeds)) return;
  throw new Error(`a function did not do the same again: ${textOf(deeds)} instead of ${textOf(stage.deeds)}`);
}

function textOf(deeds: readonly Deed[]): string {
  const words = deeds.map((deed) =>
    deed.kind === 'asks' ? [deed.number, deed.statement.words, deed.statement.id] : Object.values(deed),
  );
  return words.map((those) => those.join(' ')).join();
}

/** One function of the real code that is on its way. */
class Running {
  answer: Answer | undefined;
  #nowMs: number;
  #deeds: Deed[] = [];
  #asked = 0;
  #set = 0;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #timers = new Map<number, () => void>();

  constructor(start: Start, statements: Statements, options: BehaviourOptions) {
    this.#nowMs = start.atMs;
    const send: Send = (what) => this.#ask(statements.statement(what));
    const { begins = begin } = options;
    void begins(start.act, {
      number: start.number,
      clock: { now: () => this.#nowMs, after: (delayMs, run) => this.#after(delayMs, run) },
      store: statements.storeFor(send),
      blobs: statements.blobsFor(send),
      provider: this.#providerOf(start, { statements, send, mood: options.mood }),
      maxAttempts: options.maxAttempts,
    }).then((answer) => (this.answer = answer));
  }

  /** What it did since this was asked last. */
  takeDeeds(): readonly Deed[] {
    return this.#deeds.splice(0);
  }

  async hear({ atMs, number, answer }: Event, statements: Statements): Promise<void> {
    this.#nowMs = atMs;
    if (answer === undefined) this.#fire(number);
    else this.#tell(number, statements.heard(answer));
    await settled();
  }

  #tell(number: number, heard: Heard): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if ('error' in heard) waiting?.reject(heard.error);
    else waiting?.resolve(heard.value);
  }

  #fire(number: number): void {
    const run = this.#timers.get(number);
    this.#timers.delete(number);
    run?.();
  }

  #ask(statement: Statement): Promise<unknown> {
    const number = this.#asked++;
    this.#deeds.push({ kind: 'asks', number, statement });
    return new Promise((resolve, reject) => this.#waiting.set(number, { resolve, reject }));
  }

  #after(delayMs: number, run: () => void): () => void {
    const number = this.#set++;
    this.#timers.set(number, run);
    this.#deeds.push({ kind: 'sets', number, atMs: this.#nowMs + Math.max(0, delayMs) });
    return () => {
      if (this.#timers.delete(number)) this.#deeds.push({ kind: 'cancels', number });
    };
  }

  #providerOf({ atMs }: Start, { statements, send, mood }: { statements: Statements; send: Send; mood: ProviderMood }) {
    const through = (name: string, body: unknown, effect: () => Promise<unknown>): Promise<never> =>
      send({ words: `${name} provider`, name, place: 'paid', body, effect }) as Promise<never>;
    const name = 'scripted';
    const made = mood !== 'refuses';
    const submit = ({ reference }: { readonly reference: string }): Promise<never> => {
      const call = { reference, made, atMs: this.#nowMs, untilMs: atMs + TIMEOUT_MS };
      return through('pay', call, async () => {
        statements.pay(call);
        if (mood === 'takes-tasks') return { status: 'accepted', taskId: reference };
        return made ? completed(reference) : { status: 'failed', message: 'refused' };
      });
    };
    if (mood !== 'takes-tasks') return { name, submit };
    return { name, submit, ask: (taskId: string) => through('ask', taskId, async () => completed(taskId)) };
  }
}

function completed(reference: string) {
  return { status: 'completed', picture: { url: `https://pictures.test/${reference}.png` } } as const;
}
