import { createHash } from 'node:crypto';
import { cloud } from './harness.ts';

/** What one writer did: the step it sent last, the last one acknowledged, and those before that were not. */
export interface Progress {
  sent: number;
  acknowledged: number;
  readonly cutOff: Set<number>;
}

/** One kind of load, by many writers at a time, each with its own documents. */
export interface Load {
  readonly name: string;
  /** Does step `n` of `writer`; resolves when the cloud has acknowledged it. */
  step(writer: number, n: number): Promise<void>;
  /** What is wrong with what is stored, where `progress` says what was sent and acknowledged. */
  judge(stored: Stored, writer: number, progress: Progress): Wrong;
}

/** Acknowledged and not there; there and not as it was sent; of a transaction, one half without the other. */
export interface Wrong {
  readonly lost: number;
  readonly torn: number;
  readonly half: number;
}

/** What a restarted cloud holds. */
export interface Stored {
  document(collection: string, id: string): Readonly<Record<string, unknown>> | undefined;
  /** SHA-256 of the bytes that the cloud gives for a file. */
  file(path: string): string | undefined;
}

const NOTHING: Wrong = { lost: 0, torn: 0, half: 0 };

/** Text of varying length that tells by itself whether it is whole. */
function payload(key: string): { readonly key: string; readonly text: string; readonly sha256: string } {
  const text = `第 ${key} 张 ${'海'.repeat(Number.parseInt(sha256(key).slice(0, 3), 16) % 400)}`;
  return { key, text, sha256: sha256(text) };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function isTorn(document: Readonly<Record<string, unknown>>, key: string): boolean {
  const whole = payload(key);
  return document['key'] !== whole.key || document['text'] !== whole.text || document['sha256'] !== whole.sha256;
}

const works = () => cloud.database().collection('works');

/** Adds one document after the other; every one must stay. */
const add: Load = {
  name: 'add',
  async step(writer, n) {
    await works().add({ data: { _id: `add-${writer}-${n}`, ...payload(`${writer}-${n}`) } });
  },
  judge(stored, writer, { sent, cutOff }) {
    let { lost, torn } = NOTHING;
    for (let n = 1; n <= sent; n += 1) {
      const document = stored.document('works', `add-${writer}-${n}`);
      if (document === undefined) lost += cutOff.has(n) ? 0 : 1;
      else torn += isTorn(document, `${writer}-${n}`) ? 1 : 0;
    }
    return { lost, torn, half: 0 };
  },
};

/** The steps of one document: there must be the last acknowledged one, or a later one that was sent. */
function judgeLatest(
  document: Readonly<Record<string, unknown>> | undefined,
  writer: number,
  progress: Progress,
): Wrong {
  if (document === undefined) return { ...NOTHING, lost: progress.acknowledged > 0 ? 1 : 0 };
  const n = Number(document['n']);
  if (n < progress.acknowledged) return { ...NOTHING, lost: 1 };
  return { ...NOTHING, torn: n > progress.sent || isTorn(document, `${writer}-${n}`) ? 1 : 0 };
}

/** Replaces one document again and again. */
const set: Load = {
  name: 'set',
  async step(writer, n) {
    await works()
      .doc(`set-${writer}`)
      .set({ data: { n, ...payload(`${writer}-${n}`) } });
  },
  judge: (stored, writer, progress) => judgeLatest(stored.document('works', `set-${writer}`), writer, progress),
};

/** Adds a document and removes the one before it. */
const remove: Load = {
  name: 'remove',
  async step(writer, n) {
    await works()
      .doc(`gone-${writer}-${n}`)
      .set({ data: payload(`${writer}-${n}`) });
    await works()
      .where({ _id: `gone-${writer}-${n - 1}` })
      .remove();
  },
  judge(stored, writer, { sent, cutOff }) {
    let { lost, torn } = NOTHING;
    for (let n = 1; n <= sent; n += 1) {
      const document = stored.document('works', `gone-${writer}-${n}`);
      if (document === undefined) lost += n === sent && !cutOff.has(n) ? 1 : 0;
      // The step after it has removed it, and was acknowledged: the removal was lost.
      else if (n < sent && !cutOff.has(n + 1)) lost += 1;
      else torn += isTorn(document, `${writer}-${n}`) ? 1 : 0;
    }
    return { lost, torn, half: 0 };
  },
};

/** Changes two documents in one transaction. */
const transact: Load = {
  name: 'transaction',
  async step(writer, n) {
    const transaction = await cloud.database().startTransaction();
    const both = transaction.collection('works');
    await both.doc(`left-${writer}`).set({ data: { n, ...payload(`${writer}-${n}`) } });
    await both.doc(`right-${writer}`).set({ data: { n, ...payload(`${writer}-${n}`) } });
    await transaction.commit();
  },
  judge(stored, writer, progress) {
    const left = stored.document('works', `left-${writer}`);
    const right = stored.document('works', `right-${writer}`);
    const { lost, torn } = judgeLatest(left, writer, progress);
    return { lost, torn, half: left?.['n'] === right?.['n'] ? 0 : 1 };
  },
};

/** Uploads a file over its last version. */
const upload: Load = {
  name: 'upload',
  async step(writer, n) {
    const { text } = payload(`${writer}-${n}`);
    await cloud.uploadFile({ cloudPath: `soak/${writer}.txt`, fileContent: Buffer.from(text) });
  },
  judge(stored, writer, { sent, acknowledged }) {
    const found = stored.file(`soak/${writer}.txt`);
    if (found === undefined) return { ...NOTHING, lost: acknowledged > 0 ? 1 : 0 };
    for (let n = Math.max(1, acknowledged); n <= sent; n += 1) {
      if (found === sha256(payload(`${writer}-${n}`).text)) return NOTHING;
    }
    return { ...NOTHING, torn: 1 };
  },
};

export const LOADS: readonly Load[] = [add, set, remove, transact, upload];
