/**
 * What a caller should do about an error, so that nobody has to know every code:
 * `caller` fix the request · `conflict` read again · `transient` never sent, safe to repeat ·
 * `ambiguous` may have happened, repeat only what is idempotent · `throttled` repeat later · `fault` alert.
 */
export type Category = 'caller' | 'conflict' | 'transient' | 'ambiguous' | 'throttled' | 'fault';

interface CodeFacts {
  readonly category: Category;
  /** The envelope's `code`, in the manner of an HTTP status. */
  readonly status: number;
  /** For the person who waits: what a mini program shows. */
  readonly zh: string;
}

/** Every error code there is. Codes are never renamed; the README has a heading for each. */
const CODES = {
  INPUT_INVALID: { category: 'caller', status: 400, zh: '请求参数不正确' },
  ACTION_UNKNOWN: { category: 'caller', status: 400, zh: '不支持的操作' },
  AUTH_MISSING: { category: 'caller', status: 401, zh: '无法识别用户身份，请在小程序中使用' },
  AUTH_DENIED: { category: 'caller', status: 403, zh: '没有权限执行此操作' },
  CREDITS_INSUFFICIENT: { category: 'caller', status: 402, zh: '积分不足，无法生成图片' },
  QUOTA_EXCEEDED: { category: 'caller', status: 429, zh: '今日生成次数已用完，请明天再来' },
  PROMPT_REJECTED: { category: 'caller', status: 400, zh: '图片描述含有不适宜的内容，请修改后再试' },
  MODERATION_UNAVAILABLE: {
    category: 'transient',
    status: 503,
    zh: '内容安全检查暂时不可用，未扣除任何费用，请稍后再试',
  },
  USER_UNREGISTERED: { category: 'caller', status: 403, zh: '用户尚未注册' },
  USER_INVALID: { category: 'fault', status: 500, zh: '用户数据异常，请联系客服' },
  WORK_NOT_FOUND: { category: 'caller', status: 404, zh: '作品不存在' },
  IDEMPOTENCY_MISMATCH: { category: 'conflict', status: 409, zh: '该请求编号已用于另一份内容' },
  ONCE_REFUSED: { category: 'caller', status: 402, zh: '余额或次数不足，未扣除任何费用' },
  ONCE_IN_PROGRESS: { category: 'conflict', status: 409, zh: '该请求正在处理中，请稍候' },
  ONCE_UNKNOWN: { category: 'ambiguous', status: 504, zh: '本次结果暂时未知，系统会自动核对，请勿重复提交' },
  ONCE_UNSAVED: { category: 'fault', status: 500, zh: '结果尚未保存，系统会自动恢复，请稍后查看' },
  PROVIDER_NOT_CONFIGURED: { category: 'fault', status: 503, zh: '图片生成服务尚未配置' },
  PROVIDER_FAILED: { category: 'fault', status: 502, zh: '图片生成失败，本次不计入用量，积分不会扣除' },
  PROVIDER_UNCERTAIN: { category: 'ambiguous', status: 504, zh: '图片服务没有给出明确结果' },
  ASSET_REFUSED: { category: 'fault', status: 502, zh: '图片地址不可用' },
  ASSET_UNAVAILABLE: { category: 'transient', status: 502, zh: '图片暂时无法保存，系统会自动重试' },
  STORE_UNAVAILABLE: { category: 'transient', status: 503, zh: '数据库暂时不可用，请稍后再试' },
  STORE_UNCERTAIN: { category: 'ambiguous', status: 503, zh: '数据库没有给出明确结果，请稍后再试' },
  STORE_THROTTLED: { category: 'throttled', status: 503, zh: '访问人数较多，请稍后再试' },
  STORE_CONFLICT: { category: 'conflict', status: 503, zh: '数据正被其他操作修改，请稍后再试' },
  STORE_DUPLICATE: { category: 'conflict', status: 409, zh: '记录已存在' },
  STORE_NOT_FOUND: { category: 'fault', status: 500, zh: '数据集合不存在，请联系管理员' },
  STORE_DENIED: { category: 'fault', status: 500, zh: '没有数据库权限，请联系管理员' },
  STORE_QUOTA: { category: 'fault', status: 503, zh: '云开发资源配额已用完' },
  STORE_TOO_LARGE: { category: 'fault', status: 500, zh: '数据超过大小限制' },
  STORE_REJECTED: { category: 'fault', status: 500, zh: '数据库拒绝了请求' },
  WRITE_LOST: { category: 'fault', status: 500, zh: '记录保存失败，请联系客服' },
  LETTER_INVALID: { category: 'fault', status: 500, zh: '备份记录无法识别' },
  CONFIG_INVALID: { category: 'fault', status: 500, zh: '服务配置有误，请联系管理员' },
  DEADLINE_PASSED: { category: 'transient', status: 504, zh: '处理超时，请稍后再试' },
  EMULATOR_UNSUPPORTED: { category: 'fault', status: 500, zh: '本地云不支持该操作' },
  INTERNAL: { category: 'fault', status: 500, zh: '系统错误，请稍后再试' },
} as const satisfies Record<string, CodeFacts>;

export type Code = keyof typeof CODES;

/** All codes, in the order of the README. */
export const codes = Object.keys(CODES) as readonly Code[];

/** Category, envelope status and Chinese text of a code. */
export function codeFacts(code: Code): CodeFacts {
  return CODES[code];
}

const BRAND = Symbol.for('wx-durable.error');

export interface ErrorOptions {
  /** Plain data that helps; never a secret, a prompt or a payload. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/**
 * The one error class. Decide by `category`, or by `code` where you must; `message` is English, for logs,
 * and reads "[CODE] what happened; what to do".
 */
export class DurableError extends Error {
  readonly code: Code;
  readonly category: Category;
  readonly details: Readonly<Record<string, unknown>>;
  readonly [BRAND] = true;

  constructor(code: Code, message: string, options: ErrorOptions = {}) {
    super(`[${code}] ${message}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DurableError';
    this.code = code;
    this.category = CODES[code].category;
    this.details = options.details ?? {};
  }
}

/** Whether `error` is ours (and has this code). Tests a brand, so it works across two copies of the package. */
export function isDurableError(error: unknown, code?: Code): error is DurableError {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
  return code === undefined || (error as DurableError).code === code;
}

/** Any thrown value as a `DurableError`; what is not ours becomes `INTERNAL` with its cause. */
export function asDurableError(error: unknown): DurableError {
  if (isDurableError(error)) return error;
  const what = error instanceof Error ? error.name : typeof error;
  return new DurableError('INTERNAL', `unexpected ${what}; see the cause`, { cause: error });
}
