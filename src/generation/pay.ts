import { attemptName, createDeadline, DurableError, sleep, type Deadline } from '../core/index.ts';
import type { PayContext, Payment } from '../once/index.ts';
import type { Asset } from '../records/index.ts';
import { copyPicture, type AssetDeps } from './asset/index.ts';
import type { Picture, Provider, ProviderResult } from './providers/index.ts';

const POLL_MS = 1_000;
/** Share of the paying time that is kept for copying the picture, and its bound. */
const COPY_SHARE = 0.3;
const MAX_COPY_MS = 15_000;

/** Has the picture made and copied; a provider that takes tasks is noted before it is polled. */
export async function payForPicture(
  deps: AssetDeps,
  provider: Provider,
  { context, prompt }: { readonly context: PayContext; readonly prompt: string },
): Promise<Payment> {
  const { id, hold, deadline } = context;
  const copyMs = Math.min(MAX_COPY_MS, deadline.remainingMs() * COPY_SHARE);
  const madeBy = deadline.minus(copyMs);
  const reference = attemptName(id, hold.attempt);
  const submitted = await provider.submit({ prompt, reference, deadline: madeBy });
  const settlement = { id, attempt: hold.attempt, deadline };
  if (submitted.status !== 'accepted') return paymentOf(deps, { ...settlement, result: submitted });
  await context.noteTask(submitted.taskId);
  const result = await poll(deps, provider, { taskId: submitted.taskId, deadline: madeBy });
  return paymentOf(deps, { ...settlement, result });
}

/** Asks for a task once; `running` while there is no result. */
export async function askForPicture(
  deps: AssetDeps,
  provider: Provider,
  task: { readonly taskId: string; readonly id: string; readonly attempt: number; readonly deadline: Deadline },
): Promise<Payment | 'running'> {
  if (!provider.ask) return 'running';
  const result = await provider.ask(task.taskId, task.deadline);
  return result.status === 'running' ? 'running' : paymentOf(deps, { ...task, result });
}

async function poll(
  deps: AssetDeps,
  provider: Provider,
  { taskId, deadline }: { taskId: string; deadline: Deadline },
): Promise<ProviderResult> {
  while (deadline.remainingMs() > POLL_MS) {
    await sleep(deps.clock, POLL_MS);
    const result = await provider.ask?.(taskId, deadline);
    if (result && result.status !== 'running' && result.status !== 'unknown') return result;
  }
  return { status: 'unknown', message: 'the task was still running when time was up' };
}

interface Settlement {
  readonly id: string;
  readonly attempt: number;
  readonly result: ProviderResult;
  readonly deadline: Deadline;
}

async function paymentOf(deps: AssetDeps, settlement: Settlement): Promise<Payment> {
  const { result, id, attempt } = settlement;
  if (result.status === 'failed') return { status: 'failed', error: failed(result.message) };
  if (result.status === 'unknown') {
    return { status: 'unknown', error: new DurableError('PROVIDER_UNCERTAIN', result.message) };
  }
  const { picture } = result;
  // A little is kept so that a slow copy ends as `pending` and not as an unknown payment.
  const deadline = createDeadline(deps.clock, settlement.deadline.atMs - 100);
  const asset = await copyPicture(deps, { picture, id, attempt, deadline });
  const imageUrl = asset.fileId ?? sourceOf(picture);
  if (imageUrl === undefined) return { status: 'failed', error: failed('图片无法保存') };
  return { status: 'completed', fields: { asset: asset as unknown as Record<keyof Asset, string>, imageUrl } };
}

// Bytes that could not be stored are gone: there is no address to try again.
function sourceOf(picture: Picture): string | undefined {
  return 'url' in picture ? picture.url : undefined;
}

function failed(reason: string): DurableError {
  return new DurableError('PROVIDER_FAILED', 'the image service made no picture', { details: { reason } });
}
