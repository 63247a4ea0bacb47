/** The image service: it takes orders, paints, refuses, forgets, and knows for certain what it was paid for. */
import { sleep, type DurableError } from '../../../src/core/index.ts';
import type { Download, Provider, ProviderResult } from '../../../src/generation/index.ts';
import { createDraws } from './draws.ts';
import { send, type Conditions } from './line.ts';
import type { RunOf } from './ports.ts';
import type { PaidCall } from './truth.ts';

const HEAD = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const ADDRESS = 'https://pictures.test/';
const KEEPS_MS = 3_600_000;
const DAY_MS = 86_400_000;
const PATIENCE = { timeoutMs: 10_000 } as const;

type Form = 'address' | 'bytes' | 'task' | 'junk' | 'refusal' | 'unclear' | 'slow';

/** Of sixteen orders. */
const FORMS: readonly Form[] = [
  ...Array<Form>(6).fill('address'),
  ...Array<Form>(4).fill('task'),
  ...(['bytes', 'bytes', 'junk', 'refusal', 'unclear', 'slow'] as const),
];

/** What became of an order. */
interface Order {
  readonly form: Form;
  readonly reference: string;
  readonly made: boolean;
  /** When its picture is there. */
  readonly readyAtMs: number;
  /** The service says nothing of it after this. */
  readonly forgottenAtMs: number;
}

export interface ImageService {
  readonly paid: readonly PaidCall[];
  /** The service as a function reaches it. */
  provider(runOf: RunOf): Provider;
  download(runOf: RunOf): Download;
  /** What each of its addresses shows. */
  addresses(): Readonly<Record<string, string>>;
}

/** The bytes of a painted picture; its reference is in it. */
export function paint(reference: string): Uint8Array {
  return new Uint8Array([...HEAD, ...new TextEncoder().encode(reference), 0x2e]);
}

/** The reference that a picture's bytes show; undefined where they are no whole picture. */
export function shownIn(bytes: Uint8Array): string | undefined {
  if (!HEAD.every((byte, at) => bytes[at] === byte) || bytes.at(-1) !== 0x2e) return undefined;
  return new TextDecoder().decode(bytes.subarray(HEAD.length, -1));
}

export function createImageService(conditions: Conditions): ImageService {
  const { clock, seed, chronicle, profile } = conditions;
  const paid: PaidCall[] = [];
  const orders = new Map<string, Order>();

  /** The order arrives: from here on it costs money. */
  const take = (reference: string, run: number): Order => {
    const cut = reference.lastIndexOf('_');
    const [key, attempt] = [reference.slice(0, cut), Number(reference.slice(cut + 1))];
    const draws = createDraws(seed, 'order', reference);
    const usual = draws.pick(FORMS);
    const form = profile.unclear && draws.chance(profile.unclear) ? 'unclear' : usual;
    const made = form !== 'refusal' && !(form === 'task' && draws.chance(0.2));
    const order: Order = {
      form,
      reference,
      made,
      readyAtMs: clock.now() + draws.logNormal(form === 'task' ? 4_000 : 500, 1),
      forgottenAtMs: clock.now() + (draws.chance(0.1) ? 0 : DAY_MS),
    };
    orders.set(reference, order);
    const moment = { atMs: clock.now(), seq: chronicle.commits.length, run };
    paid.push({ key, attempt, ...moment, made, form: paidForm(form) });
    chronicle.see(`order: ${form}`);
    chronicle.tell('service', () => `takes ${reference} (${form}${made ? '' : ', makes nothing'})`);
    return order;
  };

  return {
    paid,
    addresses: () => Object.fromEntries([...orders.keys()].map((reference) => [addressOf(reference), reference])),
    provider: (runOf) => ({
      name: 'painter',
      keepsPicturesMs: KEEPS_MS,
      submit: ({ reference, deadline }) => {
        const run = runOf();
        return unclearly(
          send(conditions, run, { op: 'submit', place: 'provider', call: { timeoutMs: DAY_MS } }, async () => {
            const order = take(reference, run.id);
            if (order.form === 'task') return { status: 'accepted', taskId: reference } as const;
            const workMs = order.form === 'slow' ? deadline.remainingMs() + 20_000 : order.readyAtMs - clock.now();
            await sleep(clock, workMs);
            return resultOf(order);
          }),
        );
      },
      // Whatever goes wrong with asking, the task is still what it is.
      ask: (taskId, deadline) =>
        send(conditions, runOf(), { op: 'ask', place: 'provider', call: { ...PATIENCE, deadline } }, async () => {
          const order = orders.get(taskId);
          if (!order) return unclear('no such task');
          if (clock.now() >= order.forgottenAtMs) return unclear('task expired');
          return clock.now() < order.readyAtMs ? ({ status: 'running' } as const) : resultOf(order);
        }).catch(() => unclear('not told')),
    }),
    download: (runOf) => (url, deadline) =>
      send(conditions, runOf(), { op: 'download', place: 'provider', call: { ...PATIENCE, deadline } }, async () => {
        const order = orders.get(url.slice(ADDRESS.length, -'.png'.length));
        const isGone = !order || clock.now() > order.readyAtMs + KEEPS_MS;
        if (isGone) return { kind: 'gone', why: '404' } as const;
        return { kind: 'bytes', bytes: paint(order.reference) } as const;
      }).catch(() => ({ kind: 'failed', why: 'simulated' }) as const),
  };
}

const addressOf = (reference: string): string => `${ADDRESS}${reference}.png`;

function paidForm(form: Form): PaidCall['form'] {
  if (form === 'bytes' || form === 'junk' || form === 'task') return form;
  return 'address';
}

function resultOf({ form, reference, made }: Order): ProviderResult {
  if (!made) return { status: 'failed', message: 'the service refused' };
  if (form === 'unclear') return unclear('HTTP 500');
  if (form === 'bytes') return { status: 'completed', picture: { bytes: paint(reference) } };
  if (form === 'junk') return { status: 'completed', picture: { bytes: new TextEncoder().encode('<html>') } };
  return { status: 'completed', picture: { url: addressOf(reference) } };
}

function unclear(message: string) {
  return { status: 'unknown', message, cause: 'simulated' } as const;
}

/** As `exchange` tells it: what was never sent failed, all else that went wrong is unclear. */
function unclearly<T>(exchange: Promise<T>): Promise<T | ProviderResult> {
  return exchange.catch((error: DurableError): ProviderResult => {
    const wasSent = error.code !== 'STORE_UNAVAILABLE';
    return wasSent ? unclear(error.code) : { status: 'failed', message: 'connection refused', cause: error.code };
  });
}
