import { Readable } from 'node:stream';
import { jsonReply, linesReply, type Route } from '../http/index.ts';
import type { SdkRequest } from './request.ts';

/** What the SDK sent, word for word: queries, updates and stages are the texts that travelled. */
export interface RequestJournal {
  /** Notes a request as it came, before any fault meets it; nothing while it is off. `from` is the function that sent it. */
  note(request: SdkRequest, from: string | undefined): void;
  readonly routes: readonly Route[];
}

/** The parts of a request that say what is asked of which data; never its token. */
const TOLD = [
  ...[
    'collectionName',
    'query',
    'data',
    'stages',
    'order',
    'projection',
    'limit',
    'offset',
    'multi',
    'merge',
    'upsert',
  ],
  ...['transactionId', 'path', 'file_list', 'fileid_list', 'function_name', 'request_data'],
] as const;

/** Beyond either, the oldest are dropped; their numbers are then missing. */
const MOST_LINES = 10_000;
const MOST_CHARACTERS = 64 * 1024 * 1024;

/**
 * A journal of requests, off until somebody asks for it: `PUT /_emulator/requests` starts it anew, `GET` tells it as
 * NDJSON numbered from 1, `DELETE` ends it. For tests that must see what reached the database, and how many statements.
 */
export function createRequestJournal(): RequestJournal {
  let lines: string[] | undefined;
  let characters = 0;
  let count = 0;
  const begin = (list: string[] | undefined): void => {
    lines = list;
    characters = 0;
    count = 0;
  };
  const path = /^\/_emulator\/requests$/;
  return {
    note({ action, body }, from) {
      if (lines === undefined) return;
      const told = TOLD.filter((name) => body[name] !== undefined).map((name) => [name, body[name]] as const);
      const line = JSON.stringify({ n: (count += 1), action, from, ...Object.fromEntries(told) });
      lines.push(line);
      characters += line.length;
      while (lines.length > MOST_LINES || (characters > MOST_CHARACTERS && lines.length > 1)) {
        characters -= lines.shift()?.length ?? 0;
      }
    },
    routes: [
      { method: 'GET', path, handle: () => linesReply(Readable.from((lines ?? []).map((line) => `${line}\n`))) },
      {
        method: 'PUT',
        path,
        handle() {
          begin([]);
          return jsonReply({ ok: true });
        },
      },
      {
        method: 'DELETE',
        path,
        handle() {
          begin(undefined);
          return jsonReply({ ok: true });
        },
      },
    ],
  };
}
