import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** One order that the picture service received. */
export interface PictureCall {
  readonly atMs: number;
  /** The header `x-client-request-id`. */
  readonly requestId: string | null;
  readonly promptSha256: string;
  readonly outcome: 'painted' | 'refused';
}

/** The list of all orders, kept in a file: what a provider would charge for, whatever became of the answer. */
export interface PictureCalls {
  list(): readonly PictureCall[];
  /** Adds a call; when it returns, the call survives the death of this process. */
  add(call: PictureCall): void;
}

/** The calls recorded in the file at `path`, and those to come. */
export function openPictureCalls(path: string): PictureCalls {
  const calls = existsSync(path) ? readCalls(path) : [];
  return {
    list: () => [...calls],
    add(call) {
      appendFileSync(path, `${JSON.stringify(call)}\n`);
      calls.push(call);
    },
  };
}

/** An unfinished last line was never answered. It is ended, so that the next call starts a line of its own. */
function readCalls(path: string): PictureCall[] {
  const text = readFileSync(path, 'utf8');
  if (text !== '' && !text.endsWith('\n')) appendFileSync(path, '\n');
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as PictureCall];
    } catch {
      return [];
    }
  });
}
