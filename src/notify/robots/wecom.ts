import { fitLines, type Markup } from '../message.ts';
import { judgeBy, type Robot } from './robot.ts';

const MAX_CONTENT_BYTES = 4_096;

const markup: Markup = {
  title: (text) => `**${text}**`,
  heading: (text) => `\n${text}`,
  line: (text) => `> ${text}`,
};

/**
 * WeCom's group robot: markdown of at most 4,096 bytes, 20 messages a minute, guarded by its key alone.
 * 45009 is "too many"; 40058 (too long) is a refusal.
 * Source: developer.work.weixin.qq.com/document/path/91770; codes as seen in public bug reports.
 */
export const wecom: Robot = {
  origin: 'https://qyapi.weixin.qq.com',
  spacingMs: 3_500,
  takesSecret: false,
  token: /^[\w-]{8,128}$/,
  request: (message, { token }) => ({
    path: `/cgi-bin/webhook/send?key=${token}`,
    body: { msgtype: 'markdown', markdown: { content: fitLines(message, markup, MAX_CONTENT_BYTES).join('\n') } },
  }),
  judge: (status, json) => judgeBy((json as { errcode?: unknown } | null | undefined)?.errcode, status, [45_009]),
};
