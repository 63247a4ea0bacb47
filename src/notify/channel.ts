import { DurableError } from '../core/index.ts';
import { dingtalk } from './robots/dingtalk.ts';
import { feishu } from './robots/feishu.ts';
import type { Robot } from './robots/robot.ts';
import { wecom } from './robots/wecom.ts';

/** The services whose robots are spoken to. */
export type RobotKind = 'wecom' | 'feishu' | 'dingtalk';

/** One group robot, checked. */
export interface Channel {
  readonly kind: RobotKind;
  /** The key or token of its address. */
  readonly token: string;
  /** Signs each request where the robot is guarded by a signature. */
  readonly secret?: string | undefined;
  /** The service's own address, or a test server on this machine. */
  readonly origin: string;
}

export const robots: Readonly<Record<RobotKind, Robot>> = { wecom, feishu, dingtalk };

const SECRET = /^[\x21-\x7e]{1,128}$/;
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/;

/**
 * The robot that `text` names: `wecom:KEY`, `feishu:TOKEN[:SECRET]` or `dingtalk:TOKEN[:SECRET]`. Requests go to the
 * service's own host and to no other; `testOrigin` is allowed on this machine alone.
 * Throws `CONFIG_INVALID` with what is wrong, never with the text.
 */
export function readChannel(text: string, testOrigin?: string): Channel {
  const [kind = '', token = '', secret, ...rest] = text.trim().split(':');
  if (!isKind(kind)) throw invalid('a robot is wecom, feishu or dingtalk');
  const robot = robots[kind];
  if (!robot.token.test(token)) throw invalid(`the token of a ${kind} robot is missing or malformed; give no address`);
  if (secret !== undefined && !robot.takesSecret) throw invalid(`a ${kind} robot has a key and no secret`);
  if (rest.length > 0 || (secret !== undefined && !SECRET.test(secret))) {
    throw invalid(`the secret of a ${kind} robot is malformed`);
  }
  if (testOrigin !== undefined && !LOOPBACK.test(testOrigin)) {
    throw invalid('a test origin is http://127.0.0.1:PORT and nothing but this machine');
  }
  return { kind, token, secret, origin: testOrigin ?? robot.origin };
}

function isKind(kind: string): kind is RobotKind {
  return Object.hasOwn(robots, kind);
}

function invalid(what: string): DurableError {
  return new DurableError('CONFIG_INVALID', what);
}
