import type { Deadline, Plain } from '../core/index.ts';
import type { Filter } from './filter.ts';

/** A stored document: plain data with a string `_id`. */
export interface Document {
  readonly _id: string;
  readonly [field: string]: unknown;
}

/** How long one call may take: at most `timeoutMs` (default 1,500) and never past `deadline`. */
export interface CallOptions {
  readonly timeoutMs?: number | undefined;
  readonly deadline?: Deadline | undefined;
}

/** How much a file may hold besides; @default `maxBytes` is 32,000,000 */
export interface ReadOptions extends CallOptions {
  readonly maxBytes?: number | undefined;
}

/**
 * What an update does; paths are dotted, and every value is set as given, never merged. A change that does not
 * fit the document (`inc` of what is no number) is refused as a whole with `STORE_REJECTED`.
 */
export interface Change {
  readonly set?: Readonly<Record<string, Plain>>;
  readonly inc?: Readonly<Record<string, number>>;
  readonly push?: Readonly<Record<string, Plain>>;
  readonly unset?: readonly string[];
}

/** Where the next page starts: after this document in the chosen order. */
export interface PageKey {
  readonly id: string;
  /** The ordering field's value there; absent when the order is by `_id`, or the document lacks the field. */
  readonly value?: string | number | Date;
}

export interface PageRequest {
  readonly where?: Filter;
  /**
   * An indexed field whose values are of one type; ties are ordered by `_id`. Documents that lack it come first, or
   * last when the direction is `desc`. Default: by `_id` alone.
   */
  readonly orderBy?: string;
  /** Default `asc`. */
  readonly direction?: 'asc' | 'desc';
  readonly after?: PageKey | undefined;
  /** At least 1; more than 1,000 are never in one page. */
  readonly limit: number;
  /** Only these fields, beside `_id` and the ordering field. */
  readonly fields?: readonly string[];
}

export interface Page {
  readonly items: readonly Document[];
  /** Absent only when the walk is over; a page may be short and still have a next. */
  readonly next?: PageKey;
}

/** Documents counted by the value of one field. */
export interface GroupRequest {
  readonly where?: Filter;
  readonly by: string;
}

export interface Group {
  readonly key: string | number | boolean | null;
  readonly count: number;
}

/** Documents that agree in all of these fields. */
export interface TwinsRequest {
  readonly where?: Filter;
  /** At least one; a document that lacks a field agrees with others that lack it. */
  readonly by: readonly string[];
}

export interface Twins {
  /** How many documents agree, at least 2. */
  readonly count: number;
  /** The smallest of their `_id`s. */
  readonly firstId: string;
}

/**
 * The database as a costly call needs it: five statements, each on one collection.
 *
 * Rejects with a `DurableError` whose code is one of `STORE_*`, `DEADLINE_PASSED` or `INPUT_INVALID`; the
 * category says whether the statement may have happened. Nothing is repeated in here: retry is the
 * business of room `durable`.
 */
export interface CallStore {
  /** Adds a document unless its `_id` is taken; never overwrites. Refuses one without an `_id`, or with `$` in a name. */
  insert(collection: string, document: Document, call?: CallOptions): Promise<'inserted' | 'exists'>;
  /** The document of this id, or undefined. */
  get(collection: string, id: string, call?: CallOptions): Promise<Document | undefined>;
  /**
   * Changes the document of this id if it satisfies `where`; answers how many documents *changed* (0 or 1).
   * That is what the SDK reports, so a conditional update must change something when it applies.
   */
  update(collection: string, target: UpdateTarget, change: Change, call?: CallOptions): Promise<number>;
  /** One page of a walk by key; `skip` is never used. A page the platform refuses as too large is halved. */
  page(collection: string, request: PageRequest, call?: CallOptions): Promise<Page>;
  createCollection(name: string, call?: CallOptions): Promise<'created' | 'exists'>;
}

/** The database as this library needs it: what a call needs, and what checks and housekeeping ask besides. */
export interface Store extends CallStore {
  /**
   * The same change to each of these documents that satisfies `where`; answers how many changed. Each is changed as a
   * whole; where the statement fails, some may be changed.
   */
  updateMany(collection: string, targets: UpdateTargets, change: Change, call?: CallOptions): Promise<number>;
  /** Removes the document of this id if it satisfies `where`; answers how many were removed (0 or 1). */
  remove(collection: string, target: UpdateTarget, call?: CallOptions): Promise<number>;
  count(collection: string, where: Filter, call?: CallOptions): Promise<number>;
  /** At most 1,000 groups; more is `STORE_TOO_LARGE`, never a silent cut. */
  group(collection: string, request: GroupRequest, call?: CallOptions): Promise<readonly Group[]>;
  /** The sets of two or more documents that agree in all of these fields, ordered by `firstId`; over 1,000: `STORE_TOO_LARGE`. */
  twins(collection: string, request: TwinsRequest, call?: CallOptions): Promise<readonly Twins[]>;
}

export interface UpdateTarget {
  readonly id: string;
  readonly where?: Filter;
}

export interface UpdateTargets {
  /** From 1 to 100. */
  readonly ids: readonly string[];
  readonly where?: Filter;
}

/**
 * Files. A file's *name* is its path (letters, digits, `_`, `-`, `.`, folders joined by `/`); its *id* is what the platform calls it (`cloud://…/name`).
 * Rejects like `Store`.
 */
export interface Blobs {
  /** Stores the bytes under `name` and reads them back before it answers the file's id. */
  put(name: string, bytes: Uint8Array, call?: CallOptions): Promise<string>;
  /**
   * The bytes of a file, or undefined when there is none of this id. One of more than `maxBytes` is refused with
   * `STORE_TOO_LARGE` before it takes that much memory.
   */
  get(fileId: string, call?: ReadOptions): Promise<Uint8Array | undefined>;
  /** Which of these files exist; asked in batches of 50. */
  exists(fileIds: readonly string[], call?: CallOptions): Promise<ReadonlySet<string>>;
  /** An address for each existing file, valid for two hours. */
  temporaryUrls(fileIds: readonly string[], call?: CallOptions): Promise<ReadonlyMap<string, string>>;
  /** Removes the files; those that do not exist are no error. */
  remove(fileIds: readonly string[], call?: CallOptions): Promise<void>;
  /** The id that a file of this name has or would have. */
  fileId(name: string, call?: CallOptions): Promise<string>;
}

/** The largest file that is read where nothing is said: what a document of 16 MB takes as a sealed letter. */
export const MAX_FILE_BYTES = 32_000_000;

/** The platform's largest page. */
export const MAX_PAGE = 1_000;
