import { createApi, type Api, type Ask } from './api.ts';

/** Where the phone keeps its storage: the part of the Web's `Storage` that is used, so `localStorage` is one. */
export interface StringStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** What `wx.getStorageInfo` answers; sizes in KB. */
export interface StorageInfo {
  readonly keys: readonly string[];
  readonly currentSize: number;
  readonly limitSize: number;
}

interface ByKey {
  readonly key: string;
}

interface Entry extends ByKey {
  readonly data: unknown;
}

/** The storage of `wx`. What is refused throws, or fails, and leaves the earlier value. */
export interface StorageApi {
  setStorageSync(key: string, data: unknown): void;
  /** The empty text where there is no such key. */
  getStorageSync(key: string): unknown;
  removeStorageSync(key: string): void;
  clearStorageSync(): void;
  getStorageInfoSync(): StorageInfo;
  readonly setStorage: Api<Entry, object>;
  readonly getStorage: Api<ByKey, { readonly data: unknown }>;
  readonly removeStorage: Api<ByKey, object>;
  readonly clearStorage: Ask<object>;
  readonly getStorageInfo: Ask<StorageInfo>;
}

const KIB = 1024;
const MAX_ENTRY_BYTES = KIB * KIB;
const MAX_BYTES = 10 * KIB * KIB;

/** The storage of the user whose keys begin with `prefix`; while it is in use, nobody else writes under that prefix. */
export function createStorage(storage: StringStorage, prefix: string): StorageApi {
  const sizes = sizesOf(storage, prefix);
  let total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const forget = (key: string): void => {
    storage.removeItem(prefix + key);
    total -= sizes.get(key) ?? 0;
    sizes.delete(key);
  };
  const read = (key: string): unknown => decode(storage.getItem(prefix + key));
  const write = (key: string, data: unknown): void => {
    const text = encode(data);
    const size = bytesOf(text);
    if (size > MAX_ENTRY_BYTES) throw new Error('entry size limit reached');
    const after = total - (sizes.get(key) ?? 0) + size;
    if (after > MAX_BYTES) throw new Error('exceed storage max size 10Mb');
    storage.setItem(prefix + key, text);
    sizes.set(key, size);
    total = after;
  };
  const clear = (): void => {
    for (const key of [...sizes.keys()]) forget(key);
  };
  const info = (): StorageInfo => ({
    keys: [...sizes.keys()],
    currentSize: Math.ceil(total / KIB),
    limitSize: MAX_BYTES / KIB,
  });
  const get = (key: string): { readonly data: unknown } => {
    if (sizes.has(key)) return { data: read(key) };
    throw new Error('data not found');
  };
  return {
    setStorageSync: (key, data) => failing('setStorageSync', () => write(key, data)),
    getStorageSync: read,
    removeStorageSync: forget,
    clearStorageSync: clear,
    getStorageInfoSync: info,
    setStorage: later('setStorage', ({ key, data }: Entry) => write(key, data)),
    getStorage: later('getStorage', ({ key }: ByKey) => get(key)),
    removeStorage: later('removeStorage', ({ key }: ByKey) => forget(key)),
    clearStorage: later('clearStorage', clear),
    getStorageInfo: later('getStorageInfo', info),
  };
}

/** A storage that ends with the process. */
export function createMemoryStorage(): StringStorage {
  const values = new Map<string, string>();
  return {
    get length() {
      return values.size;
    },
    key: (index) => [...values.keys()][index] ?? null,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

function sizesOf(storage: StringStorage, prefix: string): Map<string, number> {
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
  const own = keys.filter((key) => key.startsWith(prefix));
  return new Map(own.map((key) => [key.slice(prefix.length), bytesOf(storage.getItem(key) ?? '')]));
}

/** A date comes back as a date where it is the value itself, as on a phone; inside of one it becomes text. */
function encode(data: unknown): string {
  return JSON.stringify(data instanceof Date ? { date: data.getTime() } : { data });
}

function decode(text: string | null): unknown {
  if (text === null) return '';
  const { data = '', date } = JSON.parse(text) as { data?: unknown; date?: number };
  return date === undefined ? data : new Date(date);
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

function failing<Result>(name: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    const errMsg = `${name}:fail ${error instanceof Error ? error.message : String(error)}`;
    throw Object.assign(new Error(errMsg), { errMsg });
  }
}

function later<Options, Result extends object>(
  name: string,
  run: (options: Options) => Result | void,
): ReturnType<typeof createApi<Options, Result>> {
  return createApi(name, async (options: Options) => failing(name, () => run(options) ?? ({} as Result)));
}
