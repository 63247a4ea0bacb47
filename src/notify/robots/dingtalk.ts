import { fitLines, type Markup } from '../message.ts';
import { judgeBy, signature, type Robot, type RobotFacts } from './robot.ts';

/** The request may have 20,000 bytes; JSON may double a text. */
const MAX_TEXT_BYTES = 6_000;

// One line break alone is no line break in DingTalk's markdown.
const markup: Markup = {
  title: (text) => `### ${text}\n`,
  heading: (text) => `**${text}**\n`,
  line: (text) => `- ${text}`,
};

/**
 * DingTalk's custom robot: markdown, 20,000 bytes, 20 messages a minute and then silence for ten. With a secret the
 * address carries `timestamp` (milliseconds) and `sign`: HMAC-SHA256 of `timestamp LF secret` under the secret, base64.
 * A wrong signature, a missing keyword or a foreign address is HTTP 200 with 310000; 130101 is "too many".
 * Source: open.dingtalk.com/document/group/custom-robot-access; codes as seen in public bug reports.
 */
export const dingtalk: Robot = {
  origin: 'https://oapi.dingtalk.com',
  spacingMs: 3_500,
  takesSecret: true,
  token: /^[\w-]{8,128}$/,
  request: (message, facts) => ({
    path: `/robot/send?access_token=${facts.token}${signed(facts)}`,
    body: {
      msgtype: 'markdown',
      markdown: { title: message.title, text: fitLines(message, markup, MAX_TEXT_BYTES).join('\n') },
    },
  }),
  judge: (status, json) => judgeBy((json as { errcode?: unknown } | null | undefined)?.errcode, status, [130_101]),
};

function signed({ secret, nowMs, hash }: RobotFacts): string {
  if (secret === undefined) return '';
  const sign = signature(hash, secret, `${nowMs}\n${secret}`);
  return `&timestamp=${nowMs}&sign=${encodeURIComponent(sign)}`;
}
