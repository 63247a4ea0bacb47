/** What a mini program may hand to an API in the place of awaiting it. */
export interface Callbacks<Result> {
  readonly success?: (result: Result) => void;
  readonly fail?: (failure: { readonly errMsg: string; readonly errCode?: number }) => void;
  readonly complete?: (end: { readonly errMsg: string; readonly errCode?: number }) => void;
}

/** Options without callbacks. */
export type Plain<Options> = Options & { readonly [Name in keyof Callbacks<unknown>]?: never };

/** An API in both of its styles: it answers a promise unless a callback is given. */
export interface Api<Options, Result> {
  (options: Plain<Options>): Promise<Result & { readonly errMsg: string }>;
  (options: Options & Callbacks<Result & { readonly errMsg: string }>): void;
}

/** An API that needs no options. */
export interface Ask<Result> {
  (options?: Plain<object>): Promise<Result & { readonly errMsg: string }>;
  (options: Callbacks<Result & { readonly errMsg: string }>): void;
}

type Failure = Parameters<Required<Callbacks<unknown>>['fail']>[0];

/** The API `name` in both styles; what `run` rejects with must be a failure already. */
export function createApi<Options, Result extends object>(
  name: string,
  run: (options: Options) => Promise<Result>,
): Api<Options, Result> & (object extends Options ? Ask<Result> : unknown) {
  type Told = Result & { readonly errMsg: string };
  const api = (options = {} as Options & Callbacks<Told>): Promise<Told> | undefined => {
    const { success, fail, complete } = options;
    const told = run(options).then((result) => ({ ...result, errMsg: `${name}:ok` }));
    if (success === undefined && fail === undefined && complete === undefined) return told;
    const onEnd = (end: Told | Failure) => complete?.(end);
    void told.then(
      (result) => {
        success?.(result);
        onEnd(result);
      },
      (failure: Failure) => {
        fail?.(failure);
        onEnd(failure);
      },
    );
    return undefined;
  };
  return api as ReturnType<typeof createApi<Options, Result>>;
}
