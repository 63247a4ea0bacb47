/**
 * What a person asks for, looked at before it is paid for. WeChat's own service: `security.msgSecCheck`, version 2
 * (4,000 calls a minute, 2,500 characters, the person seen within two hours).
 * Source: developers.weixin.qq.com, OpenApi.security.msgSecCheck.
 */
import { DurableError, withTimeout, type Clock, type Deadline, type Log } from '../core/index.ts';

/**
 * Whether this text may be painted. Rejects where the check could not be made: then nothing is painted either.
 * The text is everything the person wrote.
 */
export type Moderate = (
  text: string,
  visit: { readonly openid: string; readonly deadline: Deadline },
) => Promise<'pass' | 'reject'>;

/** `cloud.openapi`, as far as it is used. */
export interface OpenApi {
  readonly security: { msgSecCheck(request: Readonly<Record<string, unknown>>): Promise<unknown> };
}

export interface ModerationDeps {
  readonly openapi: OpenApi;
  readonly clock: Clock;
  readonly log: Log;
}

/** The kind of place where the text will stand: 4 is a person's own log, the nearest to a gallery. */
const SCENE = 4;
/** The check takes less than half of the time, for a picture must still be made. */
const MAX_CHECK_MS = 3_000;
const TIME_SHARE = 0.4;
/** How version 1 says "risky"; an older platform may still throw it. */
const RISKY = 87014;

/**
 * The check of the mini program's own platform. A text passes only where the answer says `pass`: an error code of 0
 * alone says that the check was made, and both `review` and `risky` are refusals. Needs the permission
 * `security.msgSecCheck` in the function's config.json.
 */
export function createWechatModeration({ openapi, clock, log }: ModerationDeps): Moderate {
  return async (content, { openid, deadline }) => {
    const limitMs = Math.min(MAX_CHECK_MS, deadline.remainingMs() * TIME_SHARE);
    const request = { version: 2, scene: SCENE, openid, content };
    const asked = async (): Promise<unknown> => openapi.security.msgSecCheck(request);
    const answer = await withTimeout(clock, limitMs, asked(), () => new Error('no answer in time')).catch(refusalOf);
    const { code, suggest, label } = readVerdict(answer);
    if (suggest === 'pass' && code === 0) return 'pass';
    if (code === RISKY || (code === 0 && isRefusal(suggest))) {
      log.write('info', 'moderation.rejected', { suggest, label });
      return 'reject';
    }
    log.write('warn', 'moderation.unavailable', { errCode: code });
    throw new DurableError('MODERATION_UNAVAILABLE', 'the content check gave no verdict; nothing was taken', {
      details: { errCode: code },
    });
  };
}

// The SDK throws where the platform answers an error code: which one tells what it means.
function refusalOf(error: unknown): unknown {
  const { errCode, errcode } = (error ?? {}) as Verdict;
  return { errCode: errCode ?? errcode ?? -1 };
}

const isRefusal = (suggest: unknown): boolean => suggest === 'review' || suggest === 'risky';

interface Verdict {
  readonly errCode?: unknown;
  readonly errcode?: unknown;
  readonly result?: { readonly suggest?: unknown; readonly label?: unknown } | null;
}

function readVerdict(answer: unknown): { code: number | null; suggest: string | null; label: number | null } {
  const { errCode, errcode, result } = (answer ?? {}) as Verdict;
  const { suggest, label } = result ?? {};
  return {
    code: numberIn(errCode ?? errcode),
    suggest: typeof suggest === 'string' ? suggest.slice(0, 20) : null,
    label: numberIn(label),
  };
}

const numberIn = (value: unknown): number | null => (typeof value === 'number' ? value : null);
