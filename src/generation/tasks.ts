/**
 * What only services that take tasks need. Where such a service is configured it is loaded with it, before anything is
 * opened; where an earlier call left a task, with what answers that call.
 */
import { DurableError, sleep, type Clock, type Deadline } from '../core/index.ts';
import type { Basis, Payment } from '../once/index.ts';
import type { PayDeps, Settlement } from './pay.ts';
import type { Draft } from './picture-kind.ts';
import type { Provider, ProviderResult } from './providers/index.ts';

export const pictureTasks = { poll, ask } as const;

/** How to come by it; rejects where it cannot be loaded. */
export type LoadTasks = () => Promise<typeof pictureTasks>;

const POLL_MS = 1_000;

/** Asks again and again until there is a result, or time is up. */
async function poll(
  { clock }: { readonly clock: Clock },
  provider: Provider,
  { taskId, deadline }: { taskId: string; deadline: Deadline },
): Promise<ProviderResult> {
  let unclear: ProviderResult | undefined;
  while (deadline.remainingMs() > POLL_MS) {
    await sleep(clock, POLL_MS);
    const result = await provider.ask?.(taskId, deadline);
    if (result?.status === 'completed' || result?.status === 'failed') return result;
    unclear = result?.status === 'unknown' ? result : undefined;
  }
  return unclear ?? { status: 'unknown', message: 'the task was still running when time was up', cause: 'running' };
}

export interface AskDeps extends PayDeps {
  readonly provider?: Provider | undefined;
  readonly earlierProviders?: readonly Provider[] | undefined;
  paymentOf(deps: PayDeps, settlement: Settlement): Promise<Payment>;
}

/** Asks the service that took a task, once; `running` while there is no result. */
async function ask(
  deps: AskDeps,
  { taskId, basis, deadline }: { readonly taskId: string; readonly basis: Basis; readonly deadline: Deadline },
): Promise<Payment | 'running'> {
  const { id, hold } = basis;
  const { provider: name = '' } = (hold.draft ?? {}) as Partial<Draft>;
  const provider = [deps.provider, ...(deps.earlierProviders ?? [])].find((each) => each?.name === name);
  if (provider) {
    const result = await provider.ask?.(taskId, deadline);
    if (!result || result.status === 'running') return 'running';
    return deps.paymentOf(deps, { provider, result, id, attempt: hold.attempt, deadline, isTask: true });
  }
  // Another service would say of a task that it never took that there is none.
  deps.log.write('warn', 'generation.provider-gone', { recordId: id, provider: name });
  const error = new DurableError('PROVIDER_NOT_CONFIGURED', `the task is with "${name}", which is not configured`);
  return { status: 'unknown', error };
}
