import type { Deadline } from '../core/index.ts';
import type { NotifierDeps } from './alert.ts';
import { robots, type Channel } from './channel.ts';
import type { Message } from './message.ts';
import { post } from './post.ts';
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
  const timeoutMs = Math.min(MAX_POST_MS, deadline.remainingMs());
  const answer = await post(parts, { url: `${origin}${path}`, body, timeoutMs });
  const verdict: Verdict =
    answer.kind === 'answered' ? robots[kind].judge(answer.status, answer.json) : { kind: 'refused' };
  const latencyMs = clock.now() - startedAtMs;
  if (verdict.kind === 'sent') {
    log.write('info', 'notify.sent', { channel: target.name, latencyMs });
    return true;
  }
  const why = answer.kind === 'silent' ? answer.why : `HTTP ${answer.status}`;
  log.write('error', 'notify.refused', { channel: target.name, why, answer: verdict.answer, latencyMs });
  if (verdict.kind === 'throttled') await slots.rest(slot, deadline);
  return false;
}
