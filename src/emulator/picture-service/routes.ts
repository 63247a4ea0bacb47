import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Clock } from '../../core/index.ts';
import { runWithFaults, type Faults, type RequestFacts } from '../faults/index.ts';
import type { Functions } from '../functions/index.ts';
import {
  asRefusal,
  BODY_LIMITS,
  HttpRefusal,
  jsonReply,
  linesReply,
  readJson,
  type Exchange,
  type Reply,
  type Route,
} from '../http/index.ts';
import type { PictureCalls } from './calls.ts';
import { createGallery, type Gallery } from './gallery.ts';
import { readOrder, type Order } from './orders.ts';

interface PictureServiceParts {
  readonly calls: PictureCalls;
  readonly faults: Faults;
  readonly functions: Functions;
  readonly clock: Clock;
  readonly url: () => string;
}

/**
 * The address of the service for one instance of a function. It names the instance, because an order to a picture
 * service carries no token of the cloud, and faults need to know whose code sent it.
 */
export function pictureServiceUrl(url: string, workerId: string): string {
  return `${url}/_provider/${workerId}/v1`;
}

/** A picture service as far as the demo needs one: `POST /_provider/v1/images/generations`. */
export function createPictureRoutes(parts: PictureServiceParts): readonly Route[] {
  const service = { ...parts, gallery: createGallery() };
  const { calls } = parts;
  return [
    {
      method: 'POST',
      path: /^\/_provider\/(?:(w\d+)\/)?v1\/images\/generations$/,
      handle: (exchange) => generate(service, exchange),
    },
    {
      method: 'GET',
      path: /^\/_provider\/pictures\/([0-9a-f]{64})\.png$/,
      handle: (exchange) => show(service, exchange),
    },
    {
      method: 'GET',
      path: /^\/_provider\/calls$/,
      handle: () => linesReply(Readable.from(calls.list().map((call) => `${JSON.stringify(call)}\n`))),
    },
  ];
}

interface Service extends PictureServiceParts {
  readonly gallery: Gallery;
}

async function generate(service: Service, exchange: Exchange): Promise<Reply | undefined> {
  const sender = service.functions.byWorker(exchange.params[0] ?? '');
  const body = await readJson(exchange.request, BODY_LIMITS.event);
  const facts: RequestFacts = { area: 'provider', provider: 'generate', from: sender?.function };
  return runWithFaults({
    exchange,
    clock: service.clock,
    plan: service.faults.plan(facts),
    kill: sender?.kill,
    run: () => fulfil(service, exchange, body),
  });
}

async function fulfil(service: Service, { request }: Exchange, body: unknown): Promise<Reply> {
  const order = readOrder(body);
  if ('code' in order) return asRefusal(jsonReply({ error: order }, 400));
  const requestId = request.headers['x-client-request-id'];
  const isRefused = order.prompt.includes('[fail]');
  service.calls.add({
    atMs: service.clock.now(),
    requestId: typeof requestId === 'string' ? requestId : null,
    promptSha256: sha256(order.prompt),
    outcome: isRefused ? 'refused' : 'painted',
  });
  if (isRefused) {
    return jsonReply(
      { error: { code: 'content_policy_violation', message: 'the prompt asks for a refusal with [fail]' } },
      400,
    );
  }
  const data = await Promise.all(hashesOf(order).map((hash) => present(service, order, hash)));
  return jsonReply({ created: Math.floor(service.clock.now() / 1000), data });
}

async function present(
  { gallery, url }: Service,
  { wantsBytes }: Order,
  hash: string,
): Promise<Record<string, string>> {
  if (wantsBytes) return { b64_json: (await gallery.picture(hash)).toString('base64') };
  return { url: `${url()}/_provider/pictures/${hash}.png` };
}

async function show({ gallery, faults, clock }: Service, exchange: Exchange): Promise<Reply | undefined> {
  const [hash] = exchange.params;
  if (hash === undefined) throw new HttpRefusal(404, 'there is no such picture');
  return runWithFaults({
    exchange,
    clock,
    plan: faults.plan({ area: 'provider', provider: 'picture' }),
    run: async () => ({ status: 200, type: 'image/png', body: await gallery.picture(hash) }),
  });
}

/** A picture is named by what it is painted from, so its address works after a restart too. */
function hashesOf({ prompt, count }: Order): string[] {
  return Array.from({ length: count }, (_, index) => sha256(index === 0 ? prompt : `${prompt}\n${index}`));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
