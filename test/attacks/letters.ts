/** Letters, genuine and forged, for the attacks on them. */
import { nodeClock } from '../../src/core/node/index.ts';
import type { Document } from '../../src/store/index.ts';
import { composeLetterWith } from '../support/letters.ts';
import { userIdOf, workIdOf } from '../support/local-cloud.ts';
import { KEY } from './stage.ts';

export const OTHER_KEY = 'f0'.repeat(32);
export const VICTIM = 'oVictim';
export const MALLORY = 'oMallory';
export const AGO_MS = 3_600_000;

/** A record as generation would have written it. */
export function workOf(openid: string, requestId: string, fields: Readonly<Record<string, unknown>> = {}): Document {
  const _id = workIdOf(openid, requestId);
  const atMs = nodeClock.now() - AGO_MS;
  return {
    ...{
      _id,
      id: _id,
      userId: userIdOf(openid),
      openid,
      title: '画',
      prompt: '画',
      originalPrompt: `真画 ${requestId}`,
    },
    ...{
      imageUrl: 'https://pictures.example/true.png',
      status: 'completed',
      errorMessage: '',
      errorCode: null,
      asset: null,
    },
    ...{
      createdAt: new Date(atMs),
      finishedAt: new Date(atMs),
      requestId,
      provider: 'local',
      style: 'oil',
      day: '20261101',
    },
    ...{ price: 1, token: `token-${requestId}`, attempt: 1, hash: 'h', schemaVersion: 1, ...fields },
  };
}

type Forgery = (genuine: Document, record: Document) => Document;
const payloadWith = (letter: Document, fields: Readonly<Record<string, unknown>>): Document => ({
  ...letter,
  payload: { ...(letter['payload'] as Document), ...fields },
});
export const FORGED = { imageUrl: 'https://evil.example/forged.png', originalPrompt: '假画' };
/** As a client can compute it: over the forged content, with a plain digest. */
export const digestOver = (record: Document, more: Readonly<Record<string, unknown>> = {}): Document => ({
  ...composeLetterWith({ ...record, ...FORGED }, {}),
  ...more,
});

export const FORGERIES: Readonly<Record<string, Forgery>> = {
  'a client wrote it': (_genuine, record) => digestOver(record, { _openid: MALLORY }),
  'a client copied a genuine one': (genuine) => ({ ...genuine, _openid: MALLORY }),
  'it has a plain digest, which anybody can make': (_genuine, record) => digestOver(record),
  'it is signed under another key': (_genuine, record) =>
    composeLetterWith({ ...record, ...FORGED }, { key: OTHER_KEY }),
  'its picture was exchanged': (genuine) => payloadWith(genuine, FORGED),
  'its price was lowered': (genuine) => payloadWith(genuine, { price: 0 }),
  'its token is another': (genuine) => payloadWith(genuine, { token: 'guessed' }),
  'its owner was exchanged': (genuine) => payloadWith(genuine, { userId: userIdOf(MALLORY), openid: MALLORY }),
  'its status was turned': (genuine) => payloadWith(genuine, { status: 'failed' }),
  'its collection is another': (genuine) => ({ ...genuine, collection: 'users' }),
  'its attempt is another': (genuine) => ({ ...genuine, attempt: 2 }),
  'its record id was exchanged': (genuine) => ({ ...genuine, recordId: workIdOf(MALLORY, 'x') }),
  'both its ids were exchanged': (genuine) =>
    payloadWith({ ...genuine, recordId: 'w_other' }, { _id: 'w_other', id: 'w_other' }),
  'its code was taken from another letter': (genuine) => ({
    ...genuine,
    mac: composeLetterWith(workOf(VICTIM, 'another'), { key: KEY })['mac'],
  }),
  'its code is a list': (genuine) => ({ ...genuine, mac: [genuine['mac']] }),
  'its record was taken out, and the older form put in its place': (genuine, record) => {
    const { payload: _payload, ...rest } = genuine;
    return { ...record, ...FORGED, ...rest };
  },
  'it was made into one of the older form, under its own name': (
    genuine,
    { _id: id, token: _t, schemaVersion: _s, ...record },
  ) => ({
    ...{ ...record, ...FORGED, id, _id: genuine._id, state: 'waiting' },
    ...{ backupReason: 'works_collection_save_failed', originalError: 'x', retryCount: 3, timestamp: new Date(0) },
  }),
  'it is of the older form and has a token': (_genuine, { _id: id, ...record }) => ({
    ...{ ...record, ...FORGED, id, _id: 'planted-older', state: 'waiting' },
    ...{ backupReason: 'works_collection_save_failed', originalError: 'x', retryCount: 3, timestamp: new Date(0) },
  }),
};
