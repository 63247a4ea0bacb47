import { platformTrouble, refusedBy } from './failure.ts';
import { readJson, type Requests } from './requests.ts';

/** What `wx.cloud.callFunction` takes. */
export interface CallOptions {
  readonly name: string;
  readonly data?: object;
  /** Taken and left alone: there is one environment. */
  readonly config?: { readonly env?: string };
}

/** What it answers. */
export interface CallResult {
  readonly result: unknown;
  readonly requestID: string;
}

/** Who is using the phone. */
export interface User {
  readonly openid: string;
  readonly unionid?: string | undefined;
}

interface Parts {
  readonly url: string;
  readonly user: User;
  readonly requests: Requests;
}

/** Calls a function on behalf of the user. */
export async function callFunction({ url, user, requests }: Parts, options: CallOptions): Promise<CallResult> {
  const { name, data = {} } = options;
  if (typeof name !== 'string' || name === '') {
    throw refusedBy('INVALID_PARAM', `parameter.name should be string instead of ${typeof name}`);
  }
  const answer = await requests.send(`${url}/invoke/${encodeURIComponent(name)}`, {
    method: 'POST',
    headers: callerHeaders(user),
    body: JSON.stringify(data),
  });
  const { result, requestID, errCode, errMsg } = await readJson(answer);
  if (typeof errCode === 'number') throw platformTrouble(errCode, String(errMsg));
  if (answer.status !== 200) throw refusedBy('SYS_ERR', `status ${answer.status}`);
  return { result, requestID: String(requestID) };
}

function callerHeaders({ openid, unionid }: User): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-wx-openid': openid,
    ...(unionid === undefined ? {} : { 'x-wx-unionid': unionid }),
  };
}
