/** A form's fields by name; bytes as they are, for a file may come without a file name. */
export type Form = ReadonlyMap<string, Buffer>;

const LINE = '\r\n';

/**
 * The parts of a `multipart/form-data` body; undefined when it is none, or its end is missing. Node's own reader takes
 * a part without a file name for text, and the SDK sends a Buffer like that: every byte above 127 would be lost.
 */
export function readForm(contentType: string, body: Buffer): Form | undefined {
  const boundary = /^multipart\/form-data;.*\bboundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) return undefined;
  const mark = Buffer.from(`--${boundary}`);
  const form = new Map<string, Buffer>();
  let from = body.indexOf(mark);
  while (from !== -1) {
    const start = from + mark.length;
    if (body.toString('latin1', start, start + 2) === '--') return form;
    from = body.indexOf(Buffer.concat([Buffer.from(LINE), mark]), start);
    const [name, content] = readPart(body.subarray(start, from === -1 ? undefined : from));
    if (name !== undefined) form.set(name, content);
    if (from !== -1) from += LINE.length;
  }
  return undefined;
}

function readPart(part: Buffer): [name: string | undefined, content: Buffer] {
  const end = part.indexOf(LINE + LINE);
  const head = part.toString('utf8', 0, Math.max(end, 0));
  const name = /^content-disposition:.*;\s*name="([^"]*)"/im.exec(head)?.[1];
  return [name, part.subarray(end + 2 * LINE.length)];
}
