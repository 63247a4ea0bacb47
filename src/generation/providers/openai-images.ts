/**
 * Services that speak `POST …/images/generations` (OpenAI's form, which Zhipu, Volcengine and SiliconFlow
 * took over), and the local cloud's own picture service.
 */
import { exchange, type Exchange, type HttpDeps } from '../../core/index.ts';
import { readAnswer } from './answer.ts';
import type { Picture, Provider, ProviderResult } from './provider.ts';

export interface OpenAiImagesOptions {
  /** Stands in the record. */
  readonly name: string;
  /** The address up to, not including, `/images/generations`. */
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  readonly model?: string | undefined;
}

const MAX_ANSWER_BYTES = 30_000_000;

/** A synchronous provider; 4xx is a refusal, everything unclear is `unknown`. */
export function createOpenAiImages(deps: HttpDeps, options: OpenAiImagesOptions): Provider {
  const url = `${options.baseUrl.replace(/\/+$/, '')}/images/generations`;
  return {
    name: options.name,
    trustedOrigin: new URL(url).origin,
    async submit({ prompt, reference, deadline }) {
      const headers = {
        'content-type': 'application/json',
        'x-client-request-id': reference,
        ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}),
      };
      const body = JSON.stringify({ prompt, n: 1, ...(options.model ? { model: options.model } : {}) });
      const init = { method: 'POST', headers, body };
      return readExchange(await exchange(deps, { url, init, deadline, maxBytes: MAX_ANSWER_BYTES }));
    },
  };
}

function readExchange(answer: Exchange): ProviderResult {
  const reading = readAnswer(answer);
  if (reading.status !== 'read') return reading;
  const picture = readPicture(reading.json);
  if (picture) return { status: 'completed', picture };
  return { status: 'unknown', message: 'no picture in the answer', httpStatus: 200, cause: 'no-picture' };
}

function readPicture(json: unknown): Picture | undefined {
  const { data, images } = (json ?? {}) as { data?: unknown; images?: unknown };
  const list: unknown = data ?? images;
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  const { url, b64_json: base64 } = (first ?? {}) as { url?: unknown; b64_json?: unknown };
  if (typeof url === 'string' && url !== '') return { url };
  if (typeof base64 === 'string' && base64 !== '') return { bytes: decodeBase64(base64) };
  return undefined;
}

function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}
