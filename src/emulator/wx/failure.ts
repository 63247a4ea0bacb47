/** How an API of `wx.cloud` fails. */
export interface CloudFailure extends Error {
  readonly errCode: number;
  /** `cloud.callFunction:fail …`; the same as `message`. */
  readonly errMsg: string;
}

/** A reason to fail, before it is known which API it makes fail. */
export class Trouble extends Error {
  readonly errCode: number;

  constructor(errCode: number, text: string) {
    super(text);
    this.errCode = errCode;
  }
}

/** The SDK's numbers and words for the codes that the local cloud answers; all others are -501001, as there. */
const CODES: Readonly<Record<string, readonly [errCode: number, text: string]>> = {
  SYS_ERR: [-501001, 'resource system error'],
  SERVER_TIMEOUT: [-501002, 'resource server timeout'],
  EXCEED_REQUEST_LIMIT: [-501003, 'exceed request limit'],
  EXCEED_CONCURRENT_REQUEST_LIMIT: [-501004, 'exceed concurrent request limit'],
  INVALID_PARAM: [-501007, 'invalid parameters'],
  STORAGE_REQUEST_FAIL: [-503001, 'storage request fail'],
  STORAGE_EXCEED_AUTHORITY: [-503002, 'storage permission denied'],
  STORAGE_FILE_NONEXIST: [-503003, 'storage file not exists'],
};

const UNKNOWN = [-501001, 'resource system error'] as const;

/** Number and words of one of the platform's codes. */
export function factsOf(code: string): readonly [errCode: number, text: string] {
  return (Object.hasOwn(CODES, code) ? CODES[code] : undefined) ?? UNKNOWN;
}

/** A refusal that came with one of the platform's codes. */
export function refusedBy(code: string, message: string): Trouble {
  const [errCode, text] = factsOf(code);
  return platformTrouble(errCode, `${text} | errMsg: ${message}`);
}

/**
 * What the platform itself reports. In the form that mini programs see: `errCode: N words | errMsg: …`, with nothing
 * between the two where there are no words for the number.
 */
export function platformTrouble(errCode: number, text: string): Trouble {
  const told = text.includes(' | errMsg: ') ? text : ` | errMsg: ${text}`;
  return new Trouble(errCode, `Error: errCode: ${errCode} ${told}`);
}

/** A request that got no answer. -601003 is the documented number for the network; that it is used here is assumed. */
export function networkTrouble(reason: string): Trouble {
  return new Trouble(-601003, `request:fail ${reason}`);
}

/** The failure of the API `name`; what is no reason of ours (a file that cannot be read, a circle in the data) is -1. */
export function failureOf(name: string, cause: unknown): CloudFailure {
  const errMsg = `${name}:fail ${cause instanceof Error ? cause.message : String(cause)}`;
  return Object.assign(new Error(errMsg, { cause }), {
    errCode: cause instanceof Trouble ? cause.errCode : -1,
    errMsg,
  });
}
