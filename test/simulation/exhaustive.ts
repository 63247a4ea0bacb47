/**
 * Every placement of at most so many faults over one story. What a world does next depends on its state alone, so one
 * that comes to a state from which everything was explored already ends there, and takes over what was found: the
 * counts are those of all placements, though few of them are gone to their end.
 */
import { violations, type Outcome, type Violation, type Wrong } from './check.ts';
import { digestOf } from './digest.ts';
import { faultsOf, type Choice, type Move } from './faults.ts';
import { CREDITS } from './functions.ts';
import { whenKnown } from './known.ts';
import { Machine, type MachineOptions } from './machine.ts';
import { keyOf, type State } from './state.ts';
import { PLACES } from './statements.ts';
import { storyOf, type MeetingName, type StoryName } from './stories.ts';
import { add, atMost, byKind, countIn, faultsIn, tallyOf, type Tally } from './tally.ts';

export interface ExhaustiveOptions extends Omit<MachineOptions, 'story'> {
  readonly name: StoryName | MeetingName;
  readonly maxFaults: number;
  /** Whether statements of several functions are tried in every order. @default false */
  readonly anyOrder?: boolean;
}

export interface Failure {
  readonly plan: string;
  readonly violations: readonly string[];
}

export interface Report {
  /** Placements that were covered, and those of them in which something is wrong. */
  readonly placements: number;
  readonly wrong: number;
  readonly by: Readonly<Record<Wrong, number>>;
  /** … in which a credit was held for a day without any payment. */
  readonly held: number;
  /** Courses that were gone, and those of them that ended at a known state. */
  readonly runs: number;
  readonly merged: number;
  /** States that were met, and functions that were begun to find out what they do. */
  readonly states: number;
  readonly functions: number;
  /** The first failing ones. */
  readonly failures: readonly Failure[];
  /** How stories ended: digests of all that was stored, paid and promised. */
  readonly endings: ReadonlySet<string>;
}

const MOST_FAILURES = 10;

export async function exhaust(options: ExhaustiveOptions): Promise<Report> {
  const explorer = new Explorer(options);
  const tally = await explorer.explore(explorer.machine.begin(), options.maxFaults);
  const { runs, merged, states, verdicts, machine } = explorer;
  return reportOf(options, { tally, verdicts, runs, merged, states, functions: machine.behaviours.begun });
}

/** Verdicts on how a story ended, and what they add up to. */
export class Verdicts {
  readonly failures: Failure[] = [];
  readonly endings = new Set<string>();
  readonly #options: ExhaustiveOptions;
  readonly #known = new Map<string, readonly Violation[]>();

  constructor(options: ExhaustiveOptions) {
    this.#options = options;
  }

  judge(machine: Machine, state: State, plan: readonly Placed[]): Tally {
    const wrong = state.crash === undefined ? this.#violations(machine, state) : [crashed(state.crash)];
    if (wrong.length > 0 && this.failures.length < MOST_FAILURES) {
      const { name, mood } = this.#options;
      const words = plan.map(wordsOf).join(' + ') || 'no fault';
      this.failures.push({ plan: `${name}, ${mood}: ${words}`, violations: wrong.map((violation) => violation.words) });
    }
    return tallyOf(wrong, state.held, this.#options.maxFaults);
  }

  #violations(machine: Machine, state: State): readonly Violation[] {
    const outcome = outcomeOf(machine, state);
    const places = PLACES.map((place) => machine.statements.textOf(state.contents, place));
    const ending = digestOf([...places, JSON.stringify(outcome.promised)].join('\n'));
    this.endings.add(ending);
    const known = this.#known.get(ending) ?? violations(outcome, storyOf(this.#options.name));
    this.#known.set(ending, known);
    return known;
  }
}

const crashed = (words: string): Violation => ({ wrong: 'other', words: `ended with ${words}` });

function outcomeOf(machine: Machine, state: State): Outcome {
  const documents = (place: 'works' | 'users') => machine.statements.documents(state.contents, place) as never;
  return {
    works: documents('works'),
    users: documents('users'),
    paid: machine.paidIn(state),
    promised: machine.promisedIn(state),
    credits: CREDITS,
  };
}

/** What can go wrong at this step, and who else could go first. */
export function choicesAt(
  { ready, down }: State,
  { anyOrder = false }: { readonly anyOrder?: boolean },
): readonly Choice[] {
  const [first] = ready;
  if (!first) return [];
  const faults = faultsOf(first.statement, down);
  const others = anyOrder ? ready.filter(({ owner }, at) => ready.findIndex((it) => it.owner === owner) === at) : [];
  return others.slice(1).reduce<readonly Choice[]>((all, { owner, statement }) => {
    const theirs = faultsOf(statement, down).map((choice) => ({ ...choice, move: { ...choice.move, owner } }));
    return [...all, { move: { owner }, alike: [] }, ...theirs];
  }, faults);
}

export const costOf = ({ fault }: Move): number => (fault === undefined ? 0 : 1);

/** What was done at a step. */
export interface Placed {
  readonly state: State;
  readonly move: Move;
}

function wordsOf({ state, move: { fault, owner } }: Placed): string {
  const request = state.ready.find((ready) => owner === undefined || ready.owner === owner);
  return `${fault ?? `function ${owner} goes first`} at ${state.steps} (${request?.statement.words})`;
}

class Explorer {
  readonly machine: Machine;
  runs = 0;
  merged = 0;
  readonly #options: ExhaustiveOptions;
  readonly verdicts: Verdicts;
  readonly #known = new Map<string, Tally>();
  readonly #plan: Placed[] = [];
  readonly #times = new Map<number, number>();

  constructor(options: ExhaustiveOptions) {
    this.#options = options;
    this.machine = new Machine({ ...options, story: storyOf(options.name) });
    this.verdicts = new Verdicts(options);
  }

  get states(): number {
    return this.#known.size;
  }

  /** Explores all that can follow a state with at most `left` more faults. */
  async explore(from: State, left: number): Promise<Tally> {
    this.runs += 1;
    const course: (readonly [key: string, state: State])[] = [];
    let state = from;
    let tally: Tally | undefined;
    while (!tally) {
      if (this.machine.isOver(state)) {
        tally = this.verdicts.judge(this.machine, state, this.#plan);
        break;
      }
      const key = keyOf(state, this.#timeOf);
      tally = this.#knownOf(key, left);
      if (tally) {
        this.merged += 1;
        break;
      }
      course.push([key, state]);
      const here = state;
      const next = whenKnown(() => this.machine.after(here));
      state = next instanceof Promise ? await next : next;
    }
    // Backwards, so that what comes later is known when an earlier fault leads there.
    let isQuiet = true;
    for (const [key, before] of course.reverse()) {
      isQuiet &&= !this.machine.isStep(before);
      // Once faults are over, what follows is the same however many were left.
      if (!isQuiet) tally = await this.#withChoices(before, atMost(tally, left), left);
      this.#known.set(key, tally);
    }
    return tally;
  }

  async #withChoices(state: State, tally: Tally, left: number): Promise<Tally> {
    if (!this.machine.isStep(state) || (left === 0 && !this.#options.anyOrder)) return tally;
    const all = [...tally];
    for (const { move, alike } of choicesAt(state, this.#options)) {
      const cost = costOf(move);
      if (cost > left) continue;
      this.#plan.push({ state, move });
      const next = whenKnown(() => this.machine.after(state, move));
      const other = await this.explore(next instanceof Promise ? await next : next, left - cost);
      this.#plan.pop();
      add(all, other, { cost, count: 1 + alike.length });
    }
    return all;
  }

  #knownOf(key: string, left: number): Tally | undefined {
    const known = this.#known.get(key);
    return known && faultsIn(known) >= left ? atMost(known, left) : undefined;
  }

  readonly #timeOf = (atMs: number): number => {
    const known = this.#times.get(atMs);
    if (known !== undefined) return known;
    this.#times.set(atMs, this.#times.size);
    return this.#times.size - 1;
  };
}

interface Found extends Pick<Report, 'runs' | 'merged' | 'states' | 'functions'> {
  readonly tally: Tally;
  readonly verdicts: Verdicts;
}

export function reportOf({ maxFaults }: ExhaustiveOptions, { tally, verdicts, ...counts }: Found): Report {
  return {
    placements: countIn(tally, 'plans', maxFaults),
    wrong: countIn(tally, 'wrong', maxFaults),
    by: byKind(tally, maxFaults),
    held: countIn(tally, 'held', maxFaults),
    ...counts,
    failures: verdicts.failures,
    endings: verdicts.endings,
  };
}
