/**
 * The same placements, each in a world of its own from beginning to end, with real functions that nobody else has used,
 * also those that are said to come to the same: slow, and by that the measure of what merging finds.
 */
import {
  choicesAt,
  costOf,
  reportOf,
  Verdicts,
  type ExhaustiveOptions,
  type Placed,
  type Report,
} from './exhaustive.ts';
import type { Choice, Move } from './faults.ts';
import { whenKnown } from './known.ts';
import { Machine } from './machine.ts';
import { storyOf } from './stories.ts';
import { add, type Tally } from './tally.ts';

interface Run {
  readonly tally: Tally;
  /** What could have been done after what was. */
  readonly choices: readonly Placed[];
}

/** As `exhaust`, with nothing merged. */
export async function runEach(options: ExhaustiveOptions): Promise<Report> {
  const verdicts = new Verdicts(options);
  let runs = 0;
  const explore = async (plan: readonly Placed[], left: number): Promise<Tally> => {
    runs += 1;
    const run = await runOne(options, plan, verdicts);
    const tally = [...run.tally];
    for (const placed of run.choices) {
      const cost = costOf(placed.move);
      if (cost <= left) add(tally, await explore([...plan, placed], left - cost), { cost, count: 1 });
    }
    return tally;
  };
  const tally = await explore([], options.maxFaults);
  return reportOf(options, { tally, verdicts, runs, merged: 0, states: 0, functions: runs });
}

async function runOne(options: ExhaustiveOptions, plan: readonly Placed[], verdicts: Verdicts): Promise<Run> {
  const machine = new Machine({ ...options, story: storyOf(options.name) });
  const lastStep = plan.at(-1)?.state.steps ?? -1;
  const choices: Placed[] = [];
  let state = machine.begin();
  while (!machine.isOver(state)) {
    const here = state;
    const isStep = machine.isStep(here);
    const placed = isStep ? plan.find((those) => those.state.steps === here.steps) : undefined;
    if (isStep && here.steps > lastStep) {
      for (const move of choicesAt(here, options).flatMap(movesOf)) choices.push({ state: here, move });
    }
    state = await whenKnown(() => machine.after(here, placed?.move));
  }
  return { tally: verdicts.judge(machine, state, plan), choices };
}

const movesOf = ({ move, alike }: Choice): readonly Move[] => [move, ...alike.map((fault) => ({ ...move, fault }))];
