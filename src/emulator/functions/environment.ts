/** The one environment of the local cloud. */
export const ENV_ID = 'emu-env';

const REGION = 'ap-shanghai';

/** On whose behalf something runs. Without `openid` there is no user: a timer, HTTP access, or a run from the console. */
export interface Caller {
  readonly openid?: string | undefined;
  readonly unionid?: string | undefined;
  readonly source?: string | undefined;
}

/** The user that a process outside the local cloud speaks for. */
export const CLIENT_CALLER: Caller = { openid: 'oEMU', unionid: 'uEMU', source: 'wx_client' };

/** The platform's timer. Source: Cloud.getWXContext, values of SOURCE. */
export const TIMER_CALLER: Caller = { source: 'wx_trigger' };

/** The token of such a process. */
export const CLIENT_TOKEN = 'emulator-client';

/** Environment that makes the unmodified SDK of a process or worker talk to the local cloud at `url`. */
export function sdkEnvironment(url: string): Record<string, string> {
  return {
    TCB_CONTEXT_CNFG: JSON.stringify({ URL: `${url}/admin` }),
    // Without it every request first looks for the cloud's metadata service.
    TENCENTCLOUD_RUNENV: 'SCF',
    TENCENTCLOUD_REGION: REGION,
    SCF_NAMESPACE: ENV_ID,
    TCB_ENV: ENV_ID,
    // Any value will do, but without one the SDK ends the process.
    TENCENTCLOUD_SECRETID: 'emulator',
    TENCENTCLOUD_SECRETKEY: 'emulator',
    TENCENTCLOUD_SESSIONTOKEN: 'emulator',
    TCB_CONTEXT_KEYS: 'TCB_ENV,TCB_SEQID,TCB_SOURCE,TRIGGER_SRC',
    WX_CONTEXT_KEYS: 'WX_CLIENTIP,WX_CLIENTIPV6,WX_APPID,WX_OPENID,WX_UNIONID,WX_API_TOKEN',
    WX_CLIENTIP: '127.0.0.1',
    WX_APPID: 'wx0000000000000001',
    SILENCE: 'true',
  };
}

/** The part of the environment that says who is calling. */
export function callerEnvironment({ openid, unionid, source }: Caller, token: string): Record<string, string> {
  return {
    WX_API_TOKEN: token,
    ...(openid === undefined ? {} : { WX_OPENID: openid }),
    ...(unionid === undefined ? {} : { WX_UNIONID: unionid }),
    ...(source === undefined ? {} : { TCB_SOURCE: source }),
    // Which of its tokens the SDK takes goes by this.
    ...(source === TIMER_CALLER.source ? { TRIGGER_SRC: 'timer' } : {}),
  };
}

interface ContextFacts {
  readonly name: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly requestId: string;
}

/** The second argument of `main`. `time_limit_in_ms` is the configured limit, not the time left. */
export function functionContext({ name, timeoutSeconds, memoryMb, requestId }: ContextFacts): Record<string, unknown> {
  return {
    callbackWaitsForEmptyEventLoop: false,
    memory_limit_in_mb: memoryMb,
    time_limit_in_ms: Math.round(timeoutSeconds * 1000),
    request_id: requestId,
    environment: '{}',
    environ: '',
    function_version: '$LATEST',
    function_name: name,
    namespace: ENV_ID,
    tencentcloud_region: REGION,
    tencentcloud_appid: '1250000000',
    tencentcloud_uin: '100000000000',
  };
}
