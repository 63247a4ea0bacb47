import type { IncomingMessage } from 'node:http';
import { HttpRefusal } from './refusal.ts';

const MIB = 1024 * 1024;

/** What each address takes at most. */
export const BODY_LIMITS = {
  /** SDK requests: room for one document of 16 MB with its encoding. */
  admin: 64 * MIB,
  /** The platform's limit for the event of a synchronous call. */
  event: 6 * MIB,
  /** Files and whole collections. */
  bulk: 512 * MIB,
} as const;

/**
 * The body of a request. One above `limitBytes` is refused with 413, after it was read to its end: a client
 * that is cut off while sending sees a broken connection instead of the answer.
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  await readToEnd(request, (chunk) => {
    size += chunk.length;
    if (size <= limitBytes) chunks.push(chunk);
    else chunks.length = 0;
  });
  if (size > limitBytes) throw new HttpRefusal(413, `the body has ${size} bytes, the limit is ${limitBytes}`);
  const [first] = chunks;
  return chunks.length === 1 && first ? first : Buffer.concat(chunks, size);
}

/** By events: an iterator over a stream takes longer than reading what most requests bring. */
function readToEnd(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    request.on('data', take).once('end', resolve).once('error', reject);
    // After an end this changes nothing.
    request.once('close', () => reject(new HttpRefusal(400, 'the connection broke within the request')));
  });
}

/** The body as JSON; refuses anything else with 400. */
export async function readJson(request: IncomingMessage, limitBytes: number): Promise<unknown> {
  const text = (await readBody(request, limitBytes)).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HttpRefusal(400, `the body is not JSON: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
}
