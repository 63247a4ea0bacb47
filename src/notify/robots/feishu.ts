import { fitLines, type Markup } from '../message.ts';
import { judgeBy, signature, type Robot, type RobotFacts } from './robot.ts';

/** The request may have 20 kB; JSON may double a text, and each line has a frame of its own. */
const MAX_TEXT_BYTES = 6_000;

const markup: Markup = { title: (text) => text, heading: (text) => text, line: (text) => `  ${text}` };

/**
 * Feishu's custom bot: rich text (`post`), 20 kB, 100 messages a minute and 5 a second. With a secret the request
 * carries `timestamp` (seconds) and `sign`: HMAC-SHA256 of nothing under the key `timestamp LF secret`, base64.
 * Success is `code: 0`, in older answers `StatusCode: 0`; 11232, and 9499 with "too many request", are "too many".
 * Source: open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN.
 */
export const feishu: Robot = {
  origin: 'https://open.feishu.cn',
  spacingMs: 700,
  takesSecret: true,
  token: /^[\w-]{8,128}$/,
  request(message, facts) {
    const [title = '', ...lines] = fitLines(message, markup, MAX_TEXT_BYTES);
    const post = { title, content: lines.map((text) => [{ tag: 'text', text }]) };
    const content = { post: facts.language === 'en' ? { en_us: post } : { zh_cn: post } };
    return {
      path: `/open-apis/bot/v2/hook/${facts.token}`,
      body: { ...signed(facts), msg_type: 'post', content },
    };
  },
  judge(status, json) {
    const answer = (json ?? {}) as { code?: unknown; StatusCode?: unknown; msg?: unknown };
    const code = answer.code ?? answer.StatusCode;
    const isTooMany = code === 9_499 && /too many/i.test(String(answer.msg));
    return judgeBy(code, status, isTooMany ? [9_499] : [11_232]);
  },
};

function signed({ secret, nowMs, hash }: RobotFacts): { timestamp?: string; sign?: string } {
  if (secret === undefined) return {};
  const timestamp = String(Math.floor(nowMs / 1_000));
  return { timestamp, sign: signature(hash, `${timestamp}\n${secret}`, '') };
}
