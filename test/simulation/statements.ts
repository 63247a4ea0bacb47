/**
 * What statements do to what is stored. The same statement upon the same content does the same, so each pair is
 * performed once, by the reference adapters, and known from then on; contents and answers have numbers.
 */
import { canonicalJson, DurableError, isDurableError, parseCanonical } from '../../src/core/index.ts';
import type { Blobs, Document, Store } from '../../src/store/index.ts';
import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { storeThrough } from '../support/store-through.ts';
import { Missing, Numbers } from './known.ts';

/** Where something is stored: three collections, the files, and the truth that the image service keeps about money. */
export const PLACES = ['users', 'works', 'emergency_backup', 'files', 'paid'] as const;
export type Place = (typeof PLACES)[number];

/** What the image service knows it did. */
export interface PaidCall {
  readonly reference: string;
  readonly made: boolean;
  /** When it was ordered. */
  readonly atMs: number;
  /** When the time of the function was over that ordered it. */
  readonly untilMs: number;
}

/** Something that a function asks of the outside. */
export interface Statement {
  readonly id: number;
  readonly words: string;
  readonly place: Place;
  /** Changes nothing: whether and when it arrives makes no difference but to who waits for it. */
  readonly isRead: boolean;
  readonly effect: () => Promise<unknown>;
}

/** What a function hears: a value, or an error. */
export type Heard = { readonly value: unknown } | { readonly error: Error };

/** The numbers of the contents of all places, in their order. */
export type Contents = readonly number[];

interface Done {
  readonly answer: number;
  readonly content: number;
}

const READS: ReadonlySet<string> = new Set([
  'get',
  'count',
  'group',
  'twins',
  'page',
  'get-file',
  'exists',
  'urls',
  'ask',
]);
const MOST_CONTENTS = 2 ** 24;

export type Send = (
  what: Omit<Statement, 'id' | 'isRead'> & { readonly name: string; readonly body: unknown },
) => Promise<unknown>;

export class Statements {
  readonly #sabotage: (store: Store) => Store;
  readonly #contents = new Numbers<string>();
  readonly #answers = new Numbers<Heard>();
  readonly #statements = new Numbers<Statement>();
  readonly #done = new Map<number, Done>();
  /** What the statement that is performed just now reaches. */
  #store: Store = createMemoryStore();
  #blobs: Blobs = createMemoryBlobs();
  #paid: PaidCall[] = [];

  constructor(sabotage: (store: Store) => Store = (store) => store) {
    this.#sabotage = sabotage;
  }

  /** Nothing is stored anywhere. */
  readonly nothing = (): Contents => PLACES.map(() => this.#contents.of('[]', () => '[]'));

  /** The text of what is stored in a place. */
  textOf(contents: Contents, place: Place): string {
    return this.#contents.at(contents[PLACES.indexOf(place)] as number);
  }

  documents(contents: Contents, place: Place): readonly Document[] {
    return parseCanonical(this.textOf(contents, place)) as readonly Document[];
  }

  /** A copy of its own of an answer. */
  heard(answer: number): Heard {
    const heard = this.#answers.at(answer);
    return 'error' in heard ? { error: copyOfError(heard.error) } : { value: structuredClone(heard.value) };
  }

  failure(code: 'STORE_UNCERTAIN' | 'STORE_UNAVAILABLE'): number {
    return this.#answerOf({ error: new DurableError(code, `planned: ${code}`) });
  }

  statement({ name, body, words, place, effect }: Parameters<Send>[0]): Statement {
    const text = `${words} ${textOf(body)}`;
    return this.#statements.at(
      this.#statements.of(text, (id) => ({ id, words, place, isRead: READS.has(name), effect })),
    );
  }

  /** What is stored after it, and what it answers. */
  perform(statement: Statement, contents: Contents): { readonly answer: number; readonly contents: Contents } {
    const index = PLACES.indexOf(statement.place);
    const content = contents[index] as number;
    const key = statement.id * MOST_CONTENTS + content;
    const done = this.#done.get(key);
    if (!done) throw new Missing(async () => void this.#done.set(key, await this.#perform(statement, content)));
    if (done.content === content) return { answer: done.answer, contents };
    return { answer: done.answer, contents: contents.map((before, at) => (at === index ? done.content : before)) };
  }

  async #perform({ place, effect }: Statement, content: number): Promise<Done> {
    const text = this.#contents.at(content);
    const readBack = await this.#load(place, text);
    const heard = await effect().then(
      (value): Heard => ({ value }),
      (error: Error): Heard => ({ error }),
    );
    const after = await readBack();
    return { answer: this.#answerOf(heard), content: after === text ? content : this.#contents.of(after, () => after) };
  }

  /** Puts this, and nothing else, there; answers what reads it back. */
  async #load(place: Place, text: string): Promise<() => string | Promise<string>> {
    const items = parseCanonical(text) as readonly unknown[];
    if (place === 'paid') {
      const paid = (this.#paid = [...(items as readonly PaidCall[])]);
      return () => canonicalJson([...paid].sort((a, b) => (a.reference < b.reference ? -1 : 1)));
    }
    if (place === 'files') {
      const files = new Map(items as readonly [string, string][]);
      const blobs = createMemoryBlobs();
      for (const [name, bytes] of files) await blobs.put(name, Buffer.from(bytes, 'base64'));
      this.#blobs = keepingNames(blobs, files);
      return () => canonicalJson([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    const memory = createMemoryStore([place]);
    for (const document of items as readonly Document[]) await memory.insert(place, document);
    this.#store = this.#sabotage(memory);
    return () => canonicalJson(memory.dump(place));
  }

  #answerOf(heard: Heard): number {
    return this.#answers.of('error' in heard ? `! ${String(heard.error)}` : textOf(heard.value), () => heard);
  }

  /** The store as a function reaches it: every statement is sent first. */
  storeFor(send: Send): Store {
    const forward =
      (op: keyof Store) =>
      (...args: readonly unknown[]) =>
        Reflect.apply(this.#store[op], undefined, args) as unknown;
    const current = Object.fromEntries(STORE_OPS.map((op) => [op, forward(op)])) as unknown as Store;
    return storeThrough(current, ({ op, collection, body }, effect) => {
      const place = collection as Place;
      return send({ words: `${op} ${place}`, name: op, place, body, effect }) as ReturnType<typeof effect>;
    });
  }

  /** The files as a function reaches them. */
  blobsFor(send: Send): Blobs {
    const through = <T>(name: string, body: unknown, effect: () => Promise<T>): Promise<T> =>
      send({ words: `${name} storage`, name, place: 'files', body, effect }) as Promise<T>;
    return {
      put: (name, bytes) => through('put', [name, bytes], () => this.#blobs.put(name, bytes)),
      get: (fileId) => through('get-file', fileId, () => this.#blobs.get(fileId)),
      exists: (fileIds) => through('exists', fileIds, () => this.#blobs.exists(fileIds)),
      temporaryUrls: (fileIds) => through('urls', fileIds, () => this.#blobs.temporaryUrls(fileIds)),
      remove: (fileIds) => through('remove-files', fileIds, () => this.#blobs.remove(fileIds)),
      // The prefix is known after the first upload of an instance; counting it would only repeat `put`.
      fileId: (name) => NO_BLOBS.fileId(name),
    };
  }

  /** Notes what the image service was paid for. */
  pay(call: PaidCall): void {
    this.#paid.push(call);
  }
}

const STORE_OPS = Object.keys(createMemoryStore()).filter((op) => op !== 'dump') as (keyof Store)[];
const NO_BLOBS = createMemoryBlobs();

function keepingNames(blobs: Blobs, files: Map<string, string>): Blobs {
  return {
    ...blobs,
    put(name, bytes) {
      files.set(name, Buffer.from(bytes).toString('base64'));
      return blobs.put(name, bytes);
    },
    async remove(fileIds) {
      for (const name of files.keys()) if (fileIds.includes(await blobs.fileId(name))) files.delete(name);
      return blobs.remove(fileIds);
    },
  };
}

/** One text for one content, whatever it is; the conditions of a filter stand under a symbol. */
function textOf(value: unknown): string {
  return (
    JSON.stringify(value, function (this: Record<string, unknown>, name, item: unknown) {
      const itself = this[name];
      if (itself instanceof Date) return { $date: itself.getTime() };
      if (item instanceof Uint8Array) return { $bytes: Buffer.from(item).toString('base64') };
      if (item instanceof Set || item instanceof Map) return { $items: [...item] };
      if (typeof item !== 'object' || item === null) return item;
      const symbols = Object.getOwnPropertySymbols(item);
      if (symbols.length === 0) return item;
      return { ...item, $symbols: symbols.map((symbol) => (item as Record<symbol, unknown>)[symbol]) };
    }) ?? 'undefined'
  );
}

function copyOfError(error: Error): Error {
  if (!isDurableError(error)) return error;
  const { code, message, details, cause } = error;
  return new DurableError(code, message.replace(/^\[\w+\] /, ''), { details, cause });
}
