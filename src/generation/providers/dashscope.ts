/**
 * Alibaba Cloud Model Studio (DashScope, 通义万相): a picture is a task that is submitted, then asked for.
 * Tasks and pictures are kept for 24 hours. Source: its HTTP API reference, text-to-image.
 */
import { exchange, type Deadline, type Exchange, type HttpDeps } from '../../core/index.ts';
import { nameIn, readAnswer } from './answer.ts';
import type { PictureRequest, Provider, ProviderResult } from './provider.ts';

export interface DashScopeOptions {
  /** Stands in the record. */
  readonly name: string;
  /** The address up to, not including, `/services` and `/tasks`. */
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  readonly model?: string | undefined;
}

type Submitted = ProviderResult | { readonly status: 'accepted'; readonly taskId: string };
type Asked = ProviderResult | { readonly status: 'running' };

const MAX_ANSWER_BYTES = 1_000_000;

/** An asynchronous provider: recovery can ask for what a killed function has paid for. */
export function createDashScope(deps: HttpDeps, options: DashScopeOptions): Provider {
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const authorization = `Bearer ${options.apiKey ?? ''}`;
  const send = (path: string, init: RequestInit, deadline: Deadline): Promise<Exchange> =>
    exchange(deps, { url: `${baseUrl}${path}`, init, deadline, maxBytes: MAX_ANSWER_BYTES });
  return {
    name: options.name,
    trustedOrigin: new URL(baseUrl).origin,
    async submit({ prompt, reference, deadline }: PictureRequest) {
      const headers = {
        authorization,
        'content-type': 'application/json',
        'x-dashscope-async': 'enable',
        'x-client-request-id': reference,
      };
      const body = JSON.stringify({ model: options.model ?? '', input: { prompt }, parameters: { n: 1 } });
      const path = '/services/aigc/text2image/image-synthesis';
      return readSubmitted(await send(path, { method: 'POST', headers, body }, deadline));
    },
    async ask(taskId, deadline) {
      if (!isTaskId(taskId)) return { status: 'unknown', message: 'the task id is not one of this service' };
      return readAsked(await send(`/tasks/${taskId}`, { headers: { authorization } }, deadline));
    },
  };
}

// It becomes part of an address.
function isTaskId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{1,128}$/.test(value);
}

function readSubmitted(answer: Exchange): Submitted {
  const reading = readAnswer(answer);
  if (reading.status !== 'read') return reading;
  const taskId = outputIn(reading.json).task_id;
  if (isTaskId(taskId)) return { status: 'accepted', taskId };
  return { status: 'unknown', message: 'no task in the answer', httpStatus: 200, cause: 'no-task' };
}

function readAsked(answer: Exchange): Asked {
  const reading = readAnswer(answer);
  // Asking costs nothing and changes nothing: whatever goes wrong with it, the task is still what it is.
  if (reading.status !== 'read') return { ...reading, status: 'unknown', message: 'the task was not told' };
  const { task_status: state, results, message, code } = outputIn(reading.json);
  if (state === 'PENDING' || state === 'RUNNING' || state === 'SUSPENDED') return { status: 'running' };
  if (state === 'FAILED' || state === 'CANCELED') {
    const reason = typeof message === 'string' ? message.slice(0, 200) : state;
    return { status: 'failed', message: reason, cause: nameIn(code) ?? state };
  }
  const [first] = (Array.isArray(results) ? results : []) as { url?: unknown }[];
  if (state === 'SUCCEEDED' && typeof first?.url === 'string')
    return { status: 'completed', picture: { url: first.url } };
  return { status: 'unknown', message: 'the service no longer knows the task, or shows no picture' };
}

interface Output {
  readonly task_id?: unknown;
  readonly task_status?: unknown;
  readonly results?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
}

function outputIn(json: unknown): Output {
  const { output } = (json ?? {}) as { output?: unknown };
  return typeof output === 'object' && output !== null ? output : {};
}
