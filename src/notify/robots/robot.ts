import type { Hash } from '../../core/index.ts';
import type { Message } from '../message.ts';
import type { Language } from '../texts.ts';

/** What a request to a robot is made of. */
export interface RobotRequest {
  /** What comes after the origin; it carries the robot's secret and is never logged. */
  readonly path: string;
  readonly body: unknown;
}

export interface RobotFacts {
  readonly token: string;
  readonly secret?: string | undefined;
  readonly language: Language;
  readonly nowMs: number;
  readonly hash: Hash;
}

/** What a robot's answer means. */
export interface Verdict {
  readonly kind: 'sent' | 'throttled' | 'refused';
  /** The robot's own code. */
  readonly answer?: number | undefined;
}

/** One kind of group robot. */
export interface Robot {
  readonly origin: string;
  /** Between two messages; keeps every minute below the robot's limit. */
  readonly spacingMs: number;
  readonly takesSecret: boolean;
  /** How its token looks. */
  readonly token: RegExp;
  request(message: Message, facts: RobotFacts): RobotRequest;
  /** `json` is what was answered with this HTTP status, undefined if it was no JSON. */
  judge(status: number, json: unknown): Verdict;
}

/** HMAC-SHA256 in base64, as both Feishu and DingTalk sign. */
export function signature(hash: Hash, key: string, text: string): string {
  const hex = hash.hmacSha256(key, text);
  const bytes = Array.from({ length: hex.length / 2 }, (_, at) => parseInt(hex.slice(2 * at, 2 * at + 2), 16));
  return btoa(String.fromCharCode(...bytes));
}

/** Judges by the answer's own code: all three services refuse with HTTP 200, too. */
export function judgeBy(code: unknown, status: number, throttled: readonly number[]): Verdict {
  const answer = typeof code === 'number' ? code : undefined;
  if (status === 429 || (answer !== undefined && throttled.includes(answer))) return { kind: 'throttled', answer };
  return { kind: status === 200 && answer === 0 ? 'sent' : 'refused', answer };
}
