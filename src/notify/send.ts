import { createDeadline, exchange, jsonIn, type Deadline, type Exchange } from '../core/index.ts';
import type { NotifierDeps } from './alert.ts';
import { robots, type Channel } from './channel.ts';
import type { Message } from './message.ts';
import type { Verdict } from './robots/robot.ts';
import type { Slots } from './slots.ts';
import type { Language } from './texts.ts';

/** A robot with the name it has in the log, and the digest under which its limit is kept. */
export interface Target {
  readonly channel: Channel;
  /** E.g. `wecom-1`: kind and place in the configuration. */
  readonly name: string;
  readonly id: string;
}

export interface SendParts extends NotifierDeps {
  readonly slots: Slots;
  readonly language: Language;
}

const MAX_POST_MS = 5_000;
const MAX_ANSWER_BYTES = 65_536;

/** Sends the message to one robot; whether its group took it. Never rejects. */
export async function sendTo(parts: SendParts, target: Target, message: Message, deadline: Deadline): Promise<boolean> {
  const { clock, log, slots } = parts;
  const { kind, origin } = target.channel;
  const slot = { id: target.id, spacingMs: robots[kind].spacingMs };
  if (!(await slots.take(slot, deadline))) {
    log.write('warn', 'notify.limited', { channel: target.name });
    return false;
  }
  const startedAtMs = clock.now();
  const { path, body } = robots[kind].request(message, { ...parts, ...target.channel, nowMs: startedAtMs });
  const answer = await post(parts, { url: `${origin}${path}`, body }, deadline);
  const verdict: Verdict =
    answer.kind === 'answered' ? robots[kind].judge(answer.status, jsonIn(answer.body)) : { kind: 'refused' };
  const latencyMs = clock.now() - startedAtMs;
  if (verdict.kind === 'sent') {
    log.write('info', 'notify.sent', { channel: target.name, latencyMs });
    return true;
  }
  const why = answer.kind === 'answered' ? `HTTP ${answer.status}` : answer.message;
  log.write('error', 'notify.refused', { channel: target.name, why, answer: verdict.answer, latencyMs });
  if (verdict.kind === 'throttled') await slots.rest(slot, deadline);
  return false;
}

function post(
  parts: SendParts,
  { url, body }: { readonly url: string; readonly body: unknown },
  { atMs }: Deadline,
): Promise<Exchange> {
  const deadline = createDeadline(parts.clock, Math.min(atMs, parts.clock.now() + MAX_POST_MS));
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  return exchange(parts, { url, init, deadline, maxBytes: MAX_ANSWER_BYTES });
}
