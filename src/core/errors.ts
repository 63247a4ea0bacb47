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

/**
 * Every error code there is: its category, status and text. Codes are never renamed; the README has a heading for each.
 */
const CODES = {
  INPUT_INVALID: ['caller', 400, '请求参数不正确'],
  ACTION_UNKNOWN: ['caller', 400, '不支持的操作'],
  AUTH_MISSING: ['caller', 401, '无法识别用户身份，请在小程序中使用'],
  AUTH_DENIED: ['caller', 403, '没有权限执行此操作'],
  CREDITS_INSUFFICIENT: ['caller', 402, '积分不足，无法生成图片'],
  QUOTA_EXCEEDED: ['caller', 429, '今日生成次数已用完，请明天再来'],
  PROMPT_REJECTED: ['caller', 400, '图片描述含有不适宜的内容，请修改后再试'],
  MODERATION_UNAVAILABLE: ['transient', 503, '内容安全检查暂时不可用，未扣除任何费用，请稍后再试'],
  USER_UNREGISTERED: ['caller', 403, '用户尚未注册'],
  USER_INVALID: ['fault', 500, '用户数据异常，请联系客服'],
  WORK_NOT_FOUND: ['caller', 404, '作品不存在'],
  IDEMPOTENCY_MISMATCH: ['conflict', 409, '该请求编号已用于另一份内容'],
  ONCE_REFUSED: ['caller', 402, '余额或次数不足，未扣除任何费用'],
  ONCE_IN_PROGRESS: ['conflict', 409, '该请求正在处理中，请稍候'],
  ONCE_UNKNOWN: ['ambiguous', 504, '本次结果暂时未知，系统会自动核对，请勿重复提交'],
  ONCE_UNSAVED: ['fault', 500, '结果尚未保存，系统会自动恢复，请稍后查看'],
  PROVIDER_NOT_CONFIGURED: ['fault', 503, '图片生成服务尚未配置'],
  PROVIDER_FAILED: ['fault', 502, '图片生成失败，本次不计入用量，积分不会扣除'],
  PROVIDER_UNCERTAIN: ['ambiguous', 504, '图片服务没有给出明确结果'],
  ASSET_REFUSED: ['fault', 502, '图片地址不可用'],
  ASSET_UNAVAILABLE: ['transient', 502, '图片暂时无法保存，系统会自动重试'],
  STORE_UNAVAILABLE: ['transient', 503, '数据库暂时不可用，请稍后再试'],
  STORE_UNCERTAIN: ['ambiguous', 503, '数据库没有给出明确结果，请稍后再试'],
  STORE_THROTTLED: ['throttled', 503, '访问人数较多，请稍后再试'],
  STORE_CONFLICT: ['conflict', 503, '数据正被其他操作修改，请稍后再试'],
  STORE_DUPLICATE: ['conflict', 409, '记录已存在'],
  STORE_NOT_FOUND: ['fault', 500, '数据集合不存在，请联系管理员'],
  STORE_DENIED: ['fault', 500, '没有数据库权限，请联系管理员'],
  STORE_QUOTA: ['fault', 503, '云开发资源配额已用完'],
  STORE_TOO_LARGE: ['fault', 500, '数据超过大小限制'],
  STORE_REJECTED: ['fault', 500, '数据库拒绝了请求'],
  WRITE_LOST: ['fault', 500, '记录保存失败，请联系客服'],
  LETTER_INVALID: ['fault', 500, '备份记录无法识别'],
  CONFIG_INVALID: ['fault', 500, '服务配置有误，请联系管理员'],
  DEADLINE_PASSED: ['transient', 504, '处理超时，请稍后再试'],
  EMULATOR_UNSUPPORTED: ['fault', 500, '本地云不支持该操作'],
  INTERNAL: ['fault', 500, '系统错误，请稍后再试'],
} as const satisfies Record<string, readonly [Category, number, string]>;

export type Code = keyof typeof CODES;

/** All codes, in the order of the README. */
export const codes = /* @__PURE__ */ Object.keys(CODES) as readonly Code[];

/** Category, envelope status and Chinese text of a code. */
export function codeFacts(code: Code): CodeFacts {
  const [category, status, zh] = CODES[code];
  return { category, status, zh };
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
    this.category = CODES[code][0];
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
