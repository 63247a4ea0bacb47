import { attemptName, createDeadline, DurableError, type Deadline, type Log } from '../core/index.ts';
import type { PayContext, Payment } from '../once/index.ts';
import type { Asset } from '../records/index.ts';
import { copyPicture, type AssetDeps } from './asset/index.ts';
import type { Picture, Provider, ProviderResult } from './providers/index.ts';
import type { LoadTasks } from './tasks.ts';

/** Share of the paying time that is kept for copying the picture, and its bound. */
const COPY_SHARE = 0.3;
const MAX_COPY_MS = 15_000;
/** How long an image service's addresses work where it does not say: the shortest that is known. */
const KEEPS_PICTURES_MS = 3_600_000;

export interface PayDeps extends AssetDeps {
  readonly log: Log;
}

export interface OrderDeps extends PayDeps {
  readonly loadTasks: LoadTasks;
}

/** Has the picture made and copied; a provider that takes tasks is noted before it is polled. */
export async function payForPicture(
  deps: OrderDeps,
  provider: Provider,
  { context, prompt }: { readonly context: PayContext; readonly prompt: string },
): Promise<Payment> {
  const { id, hold, deadline } = context;
  const copyMs = Math.min(MAX_COPY_MS, deadline.remainingMs() * COPY_SHARE);
  const madeBy = deadline.minus(copyMs);
  const reference = attemptName(id, hold.attempt);
  const submitted = await provider.submit({ prompt, reference, deadline: madeBy });
  const settlement = { provider, id, attempt: hold.attempt, deadline };
  if (submitted.status !== 'accepted') return paymentOf(deps, { ...settlement, result: submitted });
  await context.noteTask(submitted.taskId);
  const { poll } = await deps.loadTasks();
  const result = await poll(deps, provider, { taskId: submitted.taskId, deadline: madeBy });
  return paymentOf(deps, { ...settlement, result, isTask: true });
}

export interface Settlement {
  readonly provider: Provider;
  readonly id: string;
  readonly attempt: number;
  readonly result: ProviderResult;
  readonly deadline: Deadline;
  /** The service can be asked again for what it made. */
  readonly isTask?: true;
}

/** What a service's result comes to, the picture copied. */
export async function paymentOf(deps: PayDeps, settlement: Settlement): Promise<Payment> {
  const { provider, result, id, attempt } = settlement;
  if (result.status !== 'completed') return withoutPicture(deps, settlement, result);
  const { picture } = result;
  // A little is kept so that a slow copy ends as `pending` and not as an unknown payment.
  const deadline = createDeadline(deps.clock, settlement.deadline.atMs - 100);
  const expiresAtMs = deps.clock.now() + (provider.keepsPicturesMs ?? KEEPS_PICTURES_MS);
  const asset = await copyPicture(deps, { picture, id, attempt, deadline, expiresAtMs });
  const imageUrl = asset.fileId ?? sourceOf(picture);
  if (imageUrl === undefined) return unkept(asset, settlement);
  return { status: 'completed', fields: { asset: asset as unknown as Record<keyof Asset, string>, imageUrl } };
}

function withoutPicture(
  { log }: PayDeps,
  { provider, id }: Settlement,
  result: Exclude<ProviderResult, { readonly status: 'completed' }>,
): Payment {
  const { status, message, httpStatus, cause } = result;
  const fields = { recordId: id, provider: provider.name, outcome: status, httpStatus, cause };
  log.write('warn', 'generation.no-picture', fields);
  return status === 'failed' ? { status, error: failed(message) } : { status, error: uncertain(message) };
}

// Bytes that could not be stored are gone: there is no address to try again. A task still has them.
function unkept({ error }: Asset, { isTask }: Settlement): Payment {
  if (error === 'ASSET_REFUSED') return { status: 'failed', error: failed('图片服务返回的内容不是图片') };
  if (isTask) return { status: 'unknown', error: uncertain('the picture was made and could not be stored') };
  return { status: 'failed', error: failed('图片无法保存') };
}

function sourceOf(picture: Picture): string | undefined {
  return 'url' in picture ? picture.url : undefined;
}

function failed(reason: string): DurableError {
  return new DurableError('PROVIDER_FAILED', 'there is no picture', { details: { reason } });
}

function uncertain(message: string): DurableError {
  return new DurableError('PROVIDER_UNCERTAIN', message);
}
