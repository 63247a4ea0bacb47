/**
 * The part of wx-server-sdk that the adapters use, as it really behaves. (The package's own types say
 * `Promise<X> | void | string`, so that `(await get()).data` does not compile.)
 */
export interface Cloud {
  database(): unknown;
  uploadFile(options: { cloudPath: string; fileContent: Buffer }): unknown;
  getTempFileURL(options: { fileList: { fileID: string; maxAge: number }[] }): unknown;
  deleteFile(options: { fileList: string[] }): unknown;
}

/** A query or update operator of `db.command`. */
export type Operator = { readonly __operator: never };

export interface Command {
  eq(value: unknown): Operator;
  neq(value: unknown): Operator;
  lt(value: unknown): Operator;
  lte(value: unknown): Operator;
  gt(value: unknown): Operator;
  gte(value: unknown): Operator;
  in(values: readonly unknown[]): Operator;
  nin(values: readonly unknown[]): Operator;
  exists(present: boolean): Operator;
  or(operators: readonly unknown[]): Operator;
  and(operators: readonly unknown[]): Operator;
  set(value: unknown): Operator;
  inc(value: number): Operator;
  push(values: readonly unknown[]): Operator;
  remove(): Operator;
  readonly aggregate: { sum(value: number): unknown; min(expression: string): unknown };
}

export interface Query {
  where(condition: unknown): Query;
  orderBy(field: string, direction: 'asc' | 'desc'): Query;
  limit(count: number): Query;
  field(fields: Record<string, boolean>): Query;
  get(): Promise<{ data: Record<string, unknown>[] }>;
  count(): Promise<{ total: number }>;
  update(options: { data: Record<string, unknown> }): Promise<{ stats: { updated: number } }>;
  remove(): Promise<{ stats: { removed: number } }>;
}

export interface Aggregate {
  match(condition: unknown): Aggregate;
  group(spec: Record<string, unknown>): Aggregate;
  sort(spec: Record<string, 1 | -1>): Aggregate;
  limit(count: number): Aggregate;
  end(): Promise<{ list: Record<string, unknown>[] }>;
}

export interface Collection extends Query {
  add(options: { data: Record<string, unknown> }): Promise<unknown>;
  aggregate(): Aggregate;
}

export interface Database {
  readonly command: Command;
  collection(name: string): Collection;
  createCollection(name: string): Promise<unknown>;
}
