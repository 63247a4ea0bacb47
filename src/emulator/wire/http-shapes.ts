import type { IncomingMessage } from 'node:http';
import { ENV_ID } from '../functions/index.ts';
import type { Reply } from '../http/index.ts';

/**
 * What a function receives of an HTTP request (集成请求): `path` counts from the function's own path on, a body that is
 * no text comes in base64. Sources: cloud.tencent.com/document/product/876/41776, and for `path` dcloudio/unidocs-zh
 * docs/uniCloud/http.md ("/test/a/b/c" of a function at "/test" is "/a/b/c"). Assumed: the last of several values of
 * one query parameter counts.
 */
export interface HttpEvent {
  readonly path: string;
  readonly httpMethod: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
  readonly queryStringParameters: Readonly<Record<string, string>>;
  readonly requestContext: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

interface HttpFacts {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly path: string;
  readonly body: Buffer;
  readonly requestId: string;
}

/** The event of an HTTP request. */
export function httpEvent({ request, url, path, body, requestId }: HttpFacts): HttpEvent {
  const multiValueHeaders = Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values]) => [name, values ?? []]),
  );
  const isText = isTextBody(request, body);
  return {
    path,
    httpMethod: request.method ?? 'GET',
    headers: Object.fromEntries(Object.entries(multiValueHeaders).map(([name, values]) => [name, values.join(', ')])),
    multiValueHeaders,
    queryStringParameters: Object.fromEntries(url.searchParams),
    requestContext: { requestId, envId: ENV_ID, appId: 1250000000, uin: 100000000000 },
    body: body.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
}

const TEXT_TYPE = /^(text\/|application\/(json|xml|javascript|x-www-form-urlencoded|[\w.-]+\+(json|xml))\b)/i;

/** Whether the platform passes a body on as text, under its smaller limit. */
export function isTextBody({ headers }: IncomingMessage, body: Buffer): boolean {
  if (body.length === 0) return true;
  const type = headers['content-type'];
  // A type that lies about its bytes must not damage them.
  return (type === undefined || TEXT_TYPE.test(type)) && isUtf8(body);
}

function isUtf8(body: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(body);
    return true;
  } catch {
    return false;
  }
}

interface ComposedResponse {
  readonly statusCode?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly isBase64Encoded?: unknown;
}

/**
 * The HTTP answer of a function's result: text and numbers as text/plain, an object as JSON, and an object with a
 * `statusCode`, or with `headers` and a `body` (集成响应), as the response that it describes.
 */
export function httpReply(result: unknown): Reply {
  if (isComposed(result)) return composedReply(result);
  if (typeof result === 'object' && result !== null) {
    return { status: 200, type: 'application/json; charset=utf-8', body: JSON.stringify(result) };
  }
  return { status: 200, type: 'text/plain; charset=utf-8', body: textOf(result) };
}

function isComposed(result: unknown): result is ComposedResponse {
  if (typeof result !== 'object' || result === null) return false;
  const { statusCode, headers, body } = result as ComposedResponse;
  return typeof statusCode === 'number' || (isFields(headers) && typeof body === 'string');
}

function composedReply({ statusCode, headers, body, isBase64Encoded }: ComposedResponse): Reply {
  const { 'content-type': type = 'text/plain', ...more } = readHeaders(headers);
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
  return {
    status: typeof statusCode === 'number' ? statusCode : 200,
    type: withCharset(String(type)),
    headers: more,
    body: isBase64Encoded === true ? Buffer.from(text, 'base64') : text,
  };
}

/** Headers of the connection are the server's own business, and the length is that of the body. */
const CONNECTION_HEADERS = /^(connection|content-length|keep-alive|transfer-encoding|te|trailer|upgrade|proxy-.*)$/;

function readHeaders(headers: unknown): Record<string, string | string[]> {
  const read: Record<string, string | string[]> = {};
  for (const [key, value] of Object.entries(isFields(headers) ? headers : {})) {
    const name = key.toLowerCase();
    if (!CONNECTION_HEADERS.test(name)) read[name] = Array.isArray(value) ? value.map(textOf) : textOf(value);
  }
  return read;
}

function withCharset(type: string): string {
  return TEXT_TYPE.test(type) && !/charset=/i.test(type) ? `${type}; charset=utf-8` : type;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
