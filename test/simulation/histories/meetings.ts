/** What met in a history: functions at once, functions and outages, functions and blows. Told by when each ran. */
import type { Chronicle } from './chronicle.ts';
import type { Outages } from './outages.ts';
import type { RunFacts } from './platform.ts';
import type { Answer } from './truth.ts';

interface Past {
  readonly answers: readonly Answer[];
  readonly runs: readonly RunFacts[];
  readonly windows: Outages['windows'];
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Notes, by looking back, what must be met now and then. */
export function lookAtMeetings({ seen, see }: Chronicle, { answers, runs, windows }: Past): void {
  // Noted one by one, with the statement that they fell on.
  for (const blow of ['freeze', 'clock']) {
    if ([...seen].some((situation) => situation.startsWith(`${blow} `))) see(`struck by: ${blow}`);
  }
  const spans = runs.map(({ functionName, startedAtMs, endedAtMs, isAnswered }) => {
    if (!isAnswered) see(`ended before its answer: ${functionName}`);
    return { functionName, fromMs: startedAtMs, toMs: endedAtMs };
  });
  const of = (name: string): readonly Span[] => spans.filter(({ functionName }) => functionName === name);
  const [calls, recoveries, repairs] = [of('generateImage'), of('recover'), of('repair')];
  if (anyMeet(recoveries, recoveries)) see('at once: two recoveries');
  if (anyMeet(recoveries, calls)) see('at once: recovery and a call');
  if (anyMeet(repairs, calls)) see('at once: repair and a call');
  for (const { place, ...window } of windows) if (anyMeet(calls, [window])) see(`call in an outage of: ${place}`);
  lookAtRepetitions(answers, see);
}

function anyMeet(some: readonly Span[], others: readonly Span[]): boolean {
  return some.some((one) =>
    others.some((other) => one !== other && one.fromMs < other.toMs && other.fromMs < one.toMs),
  );
}

function lookAtRepetitions(answers: readonly Answer[], see: Chronicle['see']): void {
  const lastMs = new Map<string, number>();
  const asked = answers.map(({ key, askedAtMs = 0, atMs }) => ({ key, askedAtMs, atMs }));
  for (const { key, askedAtMs, atMs } of asked.sort((a, b) => a.askedAtMs - b.askedAtMs)) {
    const beforeMs = lastMs.get(key);
    if (beforeMs !== undefined) see(beforeMs > askedAtMs ? 'asked twice at once' : 'asked again');
    lastMs.set(key, Math.max(beforeMs ?? 0, atMs));
  }
}
