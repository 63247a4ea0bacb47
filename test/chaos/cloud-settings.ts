/** What the process of a local cloud is told when it is started. */
export interface CloudSettings {
  readonly dir: string;
  /** 0: any free port. */
  readonly port: number;
  readonly functionsDir: string;
  /** Where the time of the history stands. */
  readonly timePath: string;
  /** The deployment's key. */
  readonly key: string;
}

/** What it tells: that it serves, and what functions print. */
export type CloudMessage = { readonly url: string } | { readonly name: string; readonly text: string };
