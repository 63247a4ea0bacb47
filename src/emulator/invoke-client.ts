import { request } from 'node:http';
import type { Caller, InvokeAnswer } from './functions/index.ts';

interface Call {
  readonly event: unknown;
  readonly caller: Caller;
}

/**
 * Calls a function through the local cloud's own address, so that faults meet it as they meet a mini program.
 * Waits as long as the function takes; rejects when the connection breaks.
 */
export function invokeOverHttp(url: string, name: string, { event, caller }: Call): Promise<InvokeAnswer> {
  const body = Buffer.from(JSON.stringify(event ?? {}));
  return new Promise((resolve, reject) => {
    const sending = request(`${url}/invoke/${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': body.length, ...callerHeaders(caller) },
    });
    sending.on('error', reject);
    sending.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as InvokeAnswer);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    sending.end(body);
  });
}

function callerHeaders({ openid, unionid, source }: Caller): Record<string, string> {
  return {
    ...(openid === undefined ? {} : { 'x-wx-openid': openid }),
    ...(unionid === undefined ? {} : { 'x-wx-unionid': unionid }),
    ...(source === undefined ? {} : { 'x-wx-source': source }),
  };
}
