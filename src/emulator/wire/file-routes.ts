import { extname } from 'node:path';
import type { Faults, RequestFacts } from '../faults/index.ts';
import { runWithFaults } from '../faults/index.ts';
import type { Functions } from '../functions/index.ts';
import { asRefusal, BODY_LIMITS, emptyReply, readBody, type Exchange, type Reply, type Route } from '../http/index.ts';
import { readForm } from './multipart.ts';
import type { StorageParts } from './storage-actions.ts';

interface FileRouteParts extends StorageParts {
  readonly faults: Faults;
  readonly functions: Functions;
}

const TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
};

/** The addresses behind uploadFile and downloadFile. */
export function createFileRoutes(parts: FileRouteParts): readonly Route[] {
  const path = /^\/cos\/(.+)$/;
  return [
    { method: 'PUT', path, handle: (exchange) => upload(parts, exchange, readPut) },
    // SDK 2 and 3 send a form.
    { method: 'POST', path, handle: (exchange) => upload(parts, exchange, readPost) },
    { method: 'GET', path, handle: (exchange) => download(parts, exchange) },
    { method: 'HEAD', path, handle: (exchange) => download(parts, exchange) },
  ];
}

interface Upload {
  readonly token: string;
  readonly authorization: string;
  readonly content: Buffer;
}

async function readPut(exchange: Exchange): Promise<Upload> {
  return {
    token: headerOf(exchange, 'x-cos-security-token'),
    authorization: headerOf(exchange, 'authorization'),
    content: await readBody(exchange.request, BODY_LIMITS.bulk),
  };
}

async function readPost(exchange: Exchange): Promise<Upload> {
  const body = await readBody(exchange.request, BODY_LIMITS.bulk);
  const form = readForm(headerOf(exchange, 'content-type'), body);
  const field = (name: string): string => form?.get(name)?.toString('utf8') ?? '';
  const content = form?.get('file');
  // Only a form that is there as a whole, and names the file of its address, is taken for signed.
  const isWhole = content !== undefined && field('key') === exchange.params[0];
  return {
    token: field('x-cos-security-token'),
    authorization: isWhole ? field('Signature') : '',
    content: content ?? Buffer.alloc(0),
  };
}

async function upload(
  parts: FileRouteParts,
  exchange: Exchange,
  read: (exchange: Exchange) => Promise<Upload>,
): Promise<Reply | undefined> {
  const { files, addresses, functions } = parts;
  const [path = ''] = exchange.params;
  const { token, authorization, content } = await read(exchange);
  const sender = functions.byToken(token);
  return withFaults(parts, exchange, {
    facts: { area: 'storage', storage: 'upload', from: sender?.function },
    kill: sender?.kill,
    async run() {
      const isSigned = authorization === addresses.sign('put', `${path}\n${token}`);
      if (!isSigned) return storageError(403, 'AccessDenied', 'the upload is not signed for this path');
      await files.put(path, content);
      return emptyReply(200);
    },
  });
}

async function download(parts: FileRouteParts, exchange: Exchange): Promise<Reply | undefined> {
  const [path = ''] = exchange.params;
  return withFaults(parts, exchange, {
    facts: { area: 'storage', storage: 'download' },
    run: () => fileReply(parts, exchange.url, path),
  });
}

async function fileReply({ files, addresses, clock }: FileRouteParts, url: URL, path: string): Promise<Reply> {
  const until = url.searchParams.get('t') ?? '';
  if (url.searchParams.get('sign') !== addresses.sign('get', `${path}\n${until}`)) {
    return storageError(403, 'AccessDenied', 'the address is not signed');
  }
  if (Number(until) * 1000 < clock.now()) return storageError(403, 'AccessDenied', 'the address has expired');
  if (files.find(path) === undefined) return storageError(404, 'NoSuchKey', 'the file does not exist');
  const type = TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
  const { size, content } = await files.open(path);
  return { status: 200, type, body: content, headers: { 'content-length': String(size) } };
}

interface Work {
  readonly facts: RequestFacts;
  readonly run: () => Promise<Reply>;
  readonly kill?: (() => undefined) | undefined;
}

function withFaults({ faults, clock }: FileRouteParts, exchange: Exchange, work: Work): Promise<Reply | undefined> {
  return runWithFaults({
    exchange,
    clock,
    plan: faults.plan(work.facts),
    run: work.run,
    kill: work.kill,
    refuse: (code, message) => storageError(403, code, message),
  });
}

/** The SDK needs all four elements, or it fails over the error instead of reporting it. */
function storageError(status: number, code: string, message: string): Reply {
  const body =
    `<?xml version='1.0' encoding='utf-8' ?>\n<Error><Code>${escape(code)}</Code><Message>${escape(message)}</Message>` +
    `<RequestId>emulator</RequestId><TraceId>emulator</TraceId></Error>`;
  return asRefusal({ status, type: 'application/xml', body });
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function headerOf({ request }: Exchange, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}
