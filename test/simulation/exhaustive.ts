/**
 * Every placement of at most so many faults over one story. What a run does after a step depends on its fingerprint
 * alone, so a run that comes to a fingerprint from which everything was explored already ends there, and takes over
 * what was found: the counts are those of all placements, though few of them are run.
 */
import type { Store } from '../../src/store/index.ts';
import { violations, WRONGS, type Violation, type Wrong } from './check.ts';
import { digestOf } from './digest.ts';
import { FAULTS, type Fault, type Placement, type Step } from './faults.ts';
import { conclude, type MeetingName, type Story, type StoryName } from './stories.ts';
import { createWorld, type ProviderMood, type World } from './world.ts';

export interface ExhaustiveOptions {
  readonly name: StoryName | MeetingName;
  readonly story: Story;
  readonly mood: ProviderMood;
  readonly maxAttempts: number;
  readonly maxFaults: number;
  /** Whether statements of several functions are tried in every order. @default false */
  readonly anyOrder?: boolean;
  /** Whether equal fingerprints are merged. @default true */
  readonly merges?: boolean;
  /** Of the placements of the last fault, every n-th is run, where there are two faults or more. @default 1 */
  readonly everyNth?: number;
  readonly offset?: number;
  readonly sabotage?: (store: Store) => Store;
}

/** Counts of placements, by how many of the allowed faults are left to place; `plans[0]` without any more. */
interface Tally {
  readonly plans: readonly number[];
  readonly wrong: readonly number[];
  /** Of the wrong ones. */
  readonly by: Readonly<Record<Wrong, readonly number[]>>;
  /** In which a credit was held for a day without any payment. */
  readonly held: readonly number[];
  /** Left out by `everyNth`. */
  readonly leftOut: readonly number[];
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
  readonly held: number;
  /** … of the placements of at most one fault. */
  readonly heldByOne: number;
  /** Placements that `everyNth` left out. */
  readonly leftOut: number;
  /** Runs that were made, and those of them that ended at a known fingerprint. */
  readonly runs: number;
  readonly merged: number;
  /** The first failing ones. */
  readonly failures: readonly Failure[];
  /** How stories ended: digests of all that was stored, paid and promised. */
  readonly endings: ReadonlySet<string>;
}

const MOST_FAILURES = 10;

export async function exhaust(options: ExhaustiveOptions): Promise<Report> {
  const explorer = new Explorer(options);
  const tally = await explorer.explore([], options.maxFaults);
  const last = options.maxFaults;
  const by = Object.fromEntries(WRONGS.map((wrong) => [wrong, tally.by[wrong][last] ?? 0])) as Record<Wrong, number>;
  const { runs, merged, failures, endings } = explorer;
  return {
    placements: tally.plans[last] ?? 0,
    wrong: tally.wrong[last] ?? 0,
    held: tally.held[last] ?? 0,
    heldByOne: tally.held[Math.min(1, last)] ?? 0,
    leftOut: tally.leftOut[last] ?? 0,
    ...{ by, runs, merged, failures, endings },
  };
}

/** One run, as far as it is new. */
interface Run {
  /** From the first step after the last placement. */
  readonly steps: readonly Step[];
  readonly firstStep: number;
  readonly fingerprints: readonly string[];
  readonly rest: Tally;
}

/** Thrown into a world that came to where another one was. */
class Met extends Error {
  readonly known: Tally;
  constructor(known: Tally) {
    super('known from here on');
    this.known = known;
  }
}

class Explorer {
  runs = 0;
  merged = 0;
  readonly failures: Failure[] = [];
  readonly endings = new Set<string>();
  readonly #options: ExhaustiveOptions;
  readonly #known = new Map<string, Tally>();
  #counter: number;

  constructor(options: ExhaustiveOptions) {
    this.#options = options;
    this.#counter = options.offset ?? 0;
  }

  /** Explores all that can follow these placements with at most `left` more faults. */
  async explore(placements: readonly Placement[], left: number): Promise<Tally> {
    const run = await this.#run(placements, left);
    let tally = run.rest;
    if (left === 0 && !this.#options.anyOrder) {
      for (const fingerprint of run.fingerprints) this.#known.set(fingerprint, tally);
      return tally;
    }
    // Backwards, so that what comes later is known when an earlier fault leads there.
    for (let index = run.steps.length - 1; index >= 0; index -= 1) {
      const step = run.firstStep + index;
      for (const { placement, count } of this.#optionsAt(run.steps[index] as Step, step, placements)) {
        const cost = 'fault' in placement ? 1 : 0;
        if (cost > left) continue;
        const child = this.#isLeftOut(placements.length, left)
          ? LEFT_OUT
          : await this.explore([...placements, placement], left - cost);
        tally = sum(tally, child, { cost, count });
      }
      const fingerprint = run.fingerprints[index];
      if (fingerprint !== undefined) this.#known.set(fingerprint, tally);
    }
    return tally;
  }

  #optionsAt(step: Step, number: number, before: readonly Placement[]) {
    const last = before.at(-1);
    const isTurnTaken = last?.step === number;
    const turns = this.#options.anyOrder && !isTurnTaken ? step.others : [];
    const faults = last?.step === number && 'fault' in last ? [] : step.isRead ? READ_FAULTS : ALL_FAULTS;
    return [
      ...turns.map((next) => ({ placement: { step: number, next }, count: 1 })),
      ...faults.map(([fault, count]) => ({ placement: { step: number, fault }, count })),
    ];
  }

  #isLeftOut(placed: number, left: number): boolean {
    const { everyNth = 1 } = this.#options;
    return everyNth > 1 && placed > 0 && left === 1 && this.#counter++ % everyNth !== 0;
  }

  async #run(placements: readonly Placement[], left: number): Promise<Run> {
    const { story, merges = true } = this.#options;
    const world = createWorld({ ...this.#options, placements, veryLateMs: story.veryLateMs });
    const last = placements.at(-1);
    // A turn leaves its own step open for a fault.
    const firstStep = last === undefined ? 0 : 'fault' in last ? last.step + 1 : last.step;
    const fingerprints: string[] = [];
    const quiet: string[] = [];
    if (merges) {
      const isNew = (): boolean => world.plan.steps.length > (last?.step ?? -1);
      watch(world, isNew, (fingerprint) => {
        const known = this.#known.get(fingerprint);
        if (known && known.plans.length > left) throw new Met(known);
        (world.plan.isQuiet ? quiet : fingerprints).push(fingerprint);
      });
    }
    this.runs += 1;
    const found = await this.#finish(world, placements);
    // Once faults are over, what follows is the same however many were left.
    for (const fingerprint of quiet) this.#known.set(fingerprint, found);
    const rest = found.plans.length > left + 1 ? first(found, left + 1) : found;
    const steps = world.plan.steps.slice(firstStep);
    // The turn's own step has no fingerprint of its own: the run without the turn had the same one.
    const gap = steps.length - fingerprints.length;
    const padded = merges && gap > 0 ? [...Array<string>(gap), ...fingerprints] : fingerprints;
    return { steps, firstStep, fingerprints: padded, rest };
  }

  async #finish(world: World, placements: readonly Placement[]): Promise<Tally> {
    const { story, name, mood } = this.#options;
    let wrong: readonly Violation[] | undefined;
    try {
      if (story.before) {
        world.plan.isQuiet = true;
        await story.before(world);
        world.plan.isQuiet = false;
      }
      await story.tell(world);
      await conclude(world);
    } catch (error) {
      if (error instanceof Met) {
        this.merged += 1;
        return error.known;
      }
      wrong = [{ wrong: 'other', words: `ended with ${String(error)}` }];
    }
    wrong ??= violations(world, story);
    this.endings.add(digestOf(world.ending()));
    if (wrong.length > 0 && this.failures.length < MOST_FAILURES) {
      const words = placements.map((placement) => wordsOf(placement, world.plan.steps)).join(' + ');
      const plan = `${name}, ${mood}: ${words || 'no fault'}`;
      this.failures.push({ plan, violations: wrong.map((violation) => violation.words) });
    }
    return end(wrong, world.held, this.#options.maxFaults);
  }
}

function watch(world: World, isNew: () => boolean, look: (fingerprint: string) => void): void {
  const { clock, plan } = world;
  const inner = clock.beforeStep;
  let isBegun = false;
  clock.beforeStep = () => {
    isBegun ||= !plan.isQuiet;
    if (isBegun && isNew()) look(digestOf(world.fingerprint()));
    return inner();
  };
}

const ALL_FAULTS: readonly (readonly [Fault, number])[] = FAULTS.map((fault) => [fault, 1]);
// Of a read it makes no difference whether it was lost, its answer was, or it came late; nor when its reader dies.
const READ_FAULTS: readonly (readonly [Fault, number])[] = [
  ['lost', 4],
  ['killed-before', 2],
  ...(['frozen-before', 'frozen-after', 'works-down', 'database-down', 'storage-down'] as const).map(
    (fault) => [fault, 1] as const,
  ),
];

function wordsOf(placement: Placement, steps: readonly Step[]): string {
  const { step } = placement;
  const what = 'fault' in placement ? placement.fault : `${placement.next} goes first`;
  return `${what} at ${step} (${steps[step]?.words})`;
}

function end(wrong: readonly Violation[], held: number, left: number): Tally {
  const each = (holds: boolean): readonly number[] => Array<number>(left + 1).fill(holds ? 1 : 0);
  const kinds = new Set(wrong.map((violation) => violation.wrong));
  const by = Object.fromEntries(WRONGS.map((kind) => [kind, each(kinds.has(kind))])) as Tally['by'];
  return { plans: each(true), wrong: each(wrong.length > 0), by, held: each(held > 0), leftOut: each(false) };
}

const LEFT_OUT: Tally = { ...eachOf(end([], 0, 0), () => [0]), leftOut: [1] };

function first(tally: Tally, count: number): Tally {
  return eachOf(tally, (counts) => counts.slice(0, count));
}

function eachOf(
  tally: Tally,
  change: (counts: readonly number[], of: (tally: Tally) => readonly number[]) => readonly number[],
): Tally {
  const by = WRONGS.map((kind) => [kind, change(tally.by[kind], (other) => other.by[kind])] as const);
  return {
    plans: change(tally.plans, ({ plans }) => plans),
    wrong: change(tally.wrong, ({ wrong }) => wrong),
    by: Object.fromEntries(by) as Tally['by'],
    held: change(tally.held, ({ held }) => held),
    leftOut: change(tally.leftOut, ({ leftOut }) => leftOut),
  };
}

/** What follows a step, and what follows one of its faults (`count` of them are alike). */
function sum(next: Tally, other: Tally, { cost, count }: { readonly cost: number; readonly count: number }): Tally {
  return eachOf(next, (counts, of) => {
    const others = of(other);
    return counts.map((value, left) => value + count * (others[left - cost] ?? 0));
  });
}
