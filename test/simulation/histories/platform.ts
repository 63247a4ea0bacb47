/** The platform: starts instances, keeps some warm, ends those that take too long, and delivers what they answer. */
import { createDeadline, type Deadline, type Seal } from '../../../src/core/index.ts';
import { createSimLog } from './coverage.ts';
import { createDraws, type Draws } from './draws.ts';
import { simHash } from './sim-hash.ts';
import type { ImageService } from './image-service.ts';
import type { Ledger } from './ledger.ts';
import type { Conditions, PlannedBlow, Run } from './line.ts';
import { Machine } from './machine.ts';
import { faultyBlobs, faultyStore } from './ports.ts';
import { BLOWS } from './profile.ts';
import type { Booted, System } from './system.ts';

/** Time that the function keeps for its answer. */
const MARGIN_MS = 150;
const CLOCK_MS = 300_000;
const FREEZE_MS = [1_000, 30_000, 600_000, 600_000, 26 * 3_600_000];

/** Statements at whose first a run may be struck, so that rare ones are, too. */
const KINDS = [
  ...['page users', 'get works', 'insert users', 'update users', 'get users', 'insert works', 'update works'],
  ...['submit provider', 'ask provider', 'download provider', 'put storage', 'get storage', 'exists storage'],
  ...['insert emergency_backup', 'insert emergency_backup', 'get emergency_backup', 'update emergency_backup'],
];

export interface PlatformParts {
  readonly system: System;
  readonly conditions: Conditions;
  readonly ledger: Ledger;
  readonly service: ImageService;
  readonly seal: Seal | undefined;
  /** Lines of the log tier that reached the log service. */
  readonly sealed: string[];
}

interface Instance {
  readonly machine: Machine;
  readonly booted: Booted;
  run: Run;
}

/** What came of a run: its answer, or why there is none. */
export type Outcome<T> = { readonly answer: T } | { readonly nothing: 'killed' | 'overdue' };

export interface RunRequest {
  /** Instances of different functions share nothing. */
  readonly functionName: string;
  /** Who is named in the history. */
  readonly name: string;
  readonly timeoutMs: number;
  /** A blow falls on one of its first so many statements, or on the first of some kind. */
  readonly steps: number;
}

export interface RunFacts {
  readonly id: number;
  readonly name: string;
  readonly functionName: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly statements: number;
  readonly isAnswered: boolean;
}

type Work<T> = (booted: Booted, deadline: Deadline) => Promise<T>;

export interface Platform {
  run<T>(request: RunRequest, work: Work<T>): Promise<Outcome<T>>;
  readonly runs: readonly RunFacts[];
}

export function createPlatform(parts: PlatformParts): Platform {
  const { conditions } = parts;
  const { clock, profile, seed } = conditions;
  const idle = new Map<string, Instance[]>();
  const runs: RunFacts[] = [];
  const defects: unknown[] = [];
  let machines = 0;
  let numbers = 0;

  const take = (functionName: string, draws: Draws): Instance => {
    const waiting = idle.get(functionName) ?? [];
    const warm = draws.chance(profile.warmth) ? waiting.splice(draws.int(waiting.length || 1), 1)[0] : undefined;
    if (warm) {
      warm.machine.resume();
      return warm;
    }
    machines += 1;
    return boot(parts, new Machine(machines, clock), draws);
  };
  const giveBack = (functionName: string, instance: Instance): void => {
    instance.machine.stop();
    idle.set(functionName, [...(idle.get(functionName) ?? []), instance]);
  };

  return {
    runs,
    async run<T>({ functionName, name, timeoutMs, steps }: RunRequest, work: Work<T>): Promise<Outcome<T>> {
      numbers += 1;
      const id = numbers;
      const draws = createDraws(seed, 'run', id);
      const instance = take(functionName, draws);
      const { machine } = instance;
      machine.isDisturbed = false;
      const run: Run = {
        id,
        name,
        machine,
        counters: new Map(),
        statements: 0,
        blow: blowOf(profile, { draws, steps, functionName }),
      };
      instance.run = run;
      const startedAtMs = clock.now();
      const outcome = await outcomeOf({ clock, instance, run, timeoutMs }, work, defects);
      if (defects.length > 0) throw defects[0];
      const isAnswered = 'answer' in outcome;
      run.blow = undefined;
      runs.push({
        id,
        name,
        functionName,
        startedAtMs,
        endedAtMs: clock.now(),
        statements: run.statements,
        isAnswered,
      });
      // One that is frozen, past its time or just as it answered, goes on some day as a ghost; what was merely slow is ended.
      if (isAnswered && !machine.isDead && !machine.isStopped) giveBack(functionName, instance);
      else if (!machine.isDisturbed) machine.kill();
      return outcome;
    },
  };
}

interface Running {
  readonly clock: Conditions['clock'];
  readonly instance: Instance;
  readonly run: Run;
  readonly timeoutMs: number;
}

/** Its answer, or nothing when it is killed or the platform's patience is over. */
function outcomeOf<T>(
  { clock, instance, run, timeoutMs }: Running,
  work: Work<T>,
  defects: unknown[],
): Promise<Outcome<T>> {
  const { machine } = instance;
  return new Promise((resolve) => {
    const nothing = (): void => resolve({ nothing: machine.isDisturbed ? 'killed' : 'overdue' });
    const cancel = clock.after(timeoutMs, nothing);
    const answered = (answer: T): void => {
      cancel();
      // What it left running is not struck any more, or the next run would suffer for it.
      run.blow = undefined;
      resolve({ answer });
    };
    machine.onDeath(nothing);
    machine.enter(() => {
      const deadline = createDeadline(machine.clock, machine.clock.now() + timeoutMs - MARGIN_MS);
      work(instance.booted, deadline).then(answered, (error: unknown) => {
        defects.push(error);
        nothing();
      });
    });
  });
}

function boot(parts: PlatformParts, machine: Machine, draws: Draws): Instance {
  const { conditions, ledger, service, seal, sealed, system } = parts;
  const { seed, profile, chronicle } = conditions;
  machine.skewMs = draws.between(-profile.skewMs, profile.skewMs);
  const own = createDraws(seed, 'machine', machine.number);
  const instance = { machine } as { -readonly [name in keyof Instance]: Instance[name] };
  const runOf = (): Run => instance.run;
  const word = (): string =>
    Math.floor(own.next() * 4_294_967_296)
      .toString(16)
      .padStart(8, '0');
  const isLost = (): boolean => own.chance(profile.logLoss);
  instance.booted = system.boot({
    clock: machine.clock,
    random: { next: () => own.next(), token: () => word() + word() + word() + word() },
    hash: simHash,
    log: createSimLog(chronicle, { machine, sealed, isLost }),
    store: faultyStore(ledger, conditions, runOf),
    blobs: faultyBlobs(ledger, conditions, runOf),
    provider: service.provider(runOf),
    download: service.download(runOf),
    seal,
    maxAttempts: profile.maxAttempts,
  });
  return instance;
}

function blowOf(
  { blows, struckAt, freezesMs = FREEZE_MS }: Conditions['profile'],
  { draws, steps, functionName }: { readonly draws: Draws } & Pick<RunRequest, 'steps' | 'functionName'>,
): PlannedBlow | undefined {
  const kinds = struckAt?.[functionName];
  for (const blow of BLOWS) {
    if (!draws.chance(blows[blow])) continue;
    const forMs = blow === 'clock' ? draws.between(-CLOCK_MS, CLOCK_MS) : draws.pick(freezesMs);
    return {
      blow,
      at: kinds ? draws.pick(kinds) : draws.chance(0.5) ? draws.int(steps) : draws.pick(KINDS),
      isAfter: draws.chance(0.5),
      forMs,
    };
  }
  return undefined;
}
