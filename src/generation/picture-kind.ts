import type { Basis, Kind, Payment } from '../once/index.ts';
import { collections, SCHEMA_VERSION, type Asset, type Work } from '../records/index.ts';
import type { Document } from '../store/index.ts';
import { enhancedPromptOf, promptOf, titleOf, type Wish } from './prompt.ts';
import { backOf, doneOf, takeOf } from './quota.ts';

/** What a hold keeps of the request while it is open, so that recovery can write a whole record. */
export interface Draft extends Wish {
  readonly requestId: string;
  readonly provider: string;
}

const EMPTY: Draft = { prompt: '', character: '', style: '', emotion: '', mode: '', requestId: '', provider: '' };

/** Generated pictures as a kind of costly call. */
export function createPictureKind(ask?: Kind['ask']): Kind {
  return {
    records: collections.works,
    accounts: collections.users,
    take: takeOf,
    back: backOf,
    done: doneOf,
    record: workOf,
    finish: finishWork,
    ...(ask ? { ask } : {}),
  };
}

function workOf({ id, accountId, account, hold }: Basis): Document {
  const draft = { ...EMPTY, ...(hold.draft as Partial<Draft> | undefined) };
  const work: Work = {
    _id: id,
    id,
    userId: accountId,
    openid: typeof account['openid'] === 'string' ? account['openid'] : '',
    title: titleOf(draft),
    prompt: promptOf(draft),
    originalPrompt: draft.prompt,
    character: draft.character,
    style: draft.style,
    emotion: draft.emotion,
    mode: draft.mode,
    imageUrl: '',
    enhancedPrompt: enhancedPromptOf(draft),
    status: 'unknown',
    errorMessage: '',
    errorCode: null,
    createdAt: new Date(hold.at),
    finishedAt: null,
    requestId: draft.requestId,
    provider: draft.provider,
    asset: null,
    day: hold.day,
    price: hold.price,
    token: hold.token,
    attempt: hold.attempt,
    hash: hold.hash,
    schemaVersion: SCHEMA_VERSION,
  };
  return work;
}

function finishWork(record: Document, payment: Payment, atMs: number): Document {
  if (payment.status === 'completed') {
    const { asset, imageUrl } = payment.fields as unknown as { asset: Asset; imageUrl: string };
    return {
      ...record,
      status: 'completed',
      imageUrl,
      asset,
      errorMessage: '',
      errorCode: null,
      finishedAt: new Date(atMs),
    };
  }
  const { error, status } = payment;
  const finishedAt = status === 'failed' ? new Date(atMs) : null;
  const reason = error.details['reason'];
  const errorMessage = typeof reason === 'string' ? reason : error.message;
  return { ...record, status, errorMessage, errorCode: error.code, finishedAt };
}
