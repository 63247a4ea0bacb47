import type { Store } from '../../src/store/index.ts';
import { violations } from './check.ts';
import { FAULTS, type Placement } from './faults.ts';
import { conclude, isPruned, LONG_AGO_MS, stories } from './stories.ts';
import { createWorld, type ProviderMood } from './world.ts';

export interface ExhaustiveOptions {
  readonly story: string;
  readonly mood: ProviderMood;
  readonly maxAttempts: number;
  readonly maxFaults: number;
  /** Of plans with more than one fault, every n-th is run. */
  readonly everyNth?: number;
  readonly offset?: number;
  readonly sabotage?: (store: Store) => Store;
}

export interface Failure {
  readonly plan: string;
  readonly violations: readonly string[];
}

export interface Tally {
  plans: number;
  unknownAnswers: number;
  refusals: number;
  readonly failures: Failure[];
}

/** Runs every placement of at most `maxFaults` faults over one story, and checks each. */
export async function exhaust(options: ExhaustiveOptions): Promise<Tally> {
  const tally: Tally = { plans: 0, unknownAnswers: 0, refusals: 0, failures: [] };
  let counter = options.offset ?? 0;
  const explore = async (placements: readonly Placement[]): Promise<void> => {
    const thin = placements.length > 1 && options.everyNth !== undefined && counter++ % options.everyNth !== 0;
    if (thin && placements.length === options.maxFaults) return;
    const steps = await runPlan(options, placements, tally);
    if (placements.length === options.maxFaults) return;
    const first = (placements.at(-1)?.step ?? -1) + 1;
    for (let step = first; step < steps; step += 1) {
      for (const fault of FAULTS) await explore([...placements, { step, fault }]);
    }
  };
  await explore([]);
  return tally;
}

/** Runs one plan; answers how many steps the story had before it was healed. */
export async function runPlan(
  options: ExhaustiveOptions,
  placements: readonly Placement[],
  tally: Tally,
): Promise<number> {
  const veryLateMs = isPruned(options.story) ? LONG_AGO_MS : undefined;
  const world = createWorld({ ...options, placements, veryLateMs });
  const story = stories[options.story];
  if (!story) throw new Error(`no story "${options.story}"`);
  await story(world);
  const steps = world.plan.steps.length;
  await conclude(world);
  tally.plans += 1;
  tally.unknownAnswers += world.seen.filter((seen) => seen.kind === 'refused' && seen.code === 'ONCE_UNKNOWN').length;
  tally.refusals += world.seen.filter((seen) => seen.kind === 'refused').length;
  const wrong = violations(world, options.story.startsWith('an explicit') ? 1 : 0);
  if (wrong.length > 0) {
    const plan = placements.map(({ step, fault }) => `${fault} at ${step} (${world.plan.steps[step]})`).join(' + ');
    tally.failures.push({ plan: `${options.story}, ${options.mood}: ${plan || 'no fault'}`, violations: wrong });
  }
  return steps;
}
