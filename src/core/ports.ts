/** Randomness as a port. */
export interface Random {
  /** A number in [0, 1), for jitter. */
  next(): number;
  /** An unguessable identifier of 32 hexadecimal characters. */
  token(): string;
}

/** Hashing as a port; both answers are lower-case hexadecimal. */
export interface Hash {
  sha256(text: string): string;
  hmacSha256(key: string, text: string): string;
}

/** Authenticated encryption of text under the deployment's own key. */
export interface Seal {
  /** `text` encrypted, as one printable token. */
  close(text: string): string;
  /** The text of a token made by `close`; throws `LETTER_INVALID` when it was altered or the key differs. */
  open(token: string): string;
  /** A message authentication code over `text`, hexadecimal. */
  mac(text: string): string;
}

export type LogLevel = 'info' | 'warn' | 'error';

/** What a log line may carry: plain values only, never a prompt, an openid in clear, or a secret. */
export type LogFields = Record<string, string | number | boolean | null | undefined | readonly string[]>;

/** Structured logging as a port: one call, one line. `event` is a stable name such as `write.stored`. */
export interface Log {
  write(level: LogLevel, event: string, fields?: LogFields): void;
}
