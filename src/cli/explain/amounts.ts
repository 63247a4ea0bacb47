import type { Words } from '../doctor/line.ts';
import type { Hold, Terms } from '../../once/index.ts';
import { collections } from '../../records/index.ts';
import type { Evidence } from './evidence.ts';

/** What a record is of: a picture, another costly call, or a plain write, of which no call and no hold tells. */
export type Nature = 'picture' | 'call' | 'write';

/** What the record is of, by everything that is stored about it; pure. */
export function natureOf({ records, work, account, hold, letters, files }: Evidence): Nature {
  if (records === collections.works) return 'picture';
  if (hold) return 'call';
  // What could not be read may be of a call: nothing of it is left out.
  if ([work, account, letters, files].some(({ ok }) => !ok)) return 'call';
  const kept = [letters, files].flatMap((read) => (read.ok ? read.value : []));
  const known = [...(work.ok ? [work.value] : []), ...kept.map(({ letter }) => letter?.payload)];
  return known.some((each) => isOfCall(each ?? {})) ? 'call' : 'write';
}

function isOfCall(record: object): boolean {
  const { token, hash } = record as { token?: unknown; hash?: unknown };
  return typeof token === 'string' && typeof hash === 'string';
}

/** What opening took: credits of a picture, or the fields of the account that another call names. */
export function takenBy(hold: Hold, nature: Nature): Words {
  return nature === 'picture' ? credits(hold.price) : fields(hold.take, 1);
}

/** What is given back where nothing came of the call. */
export function backOf(hold: Hold, nature: Nature): Words {
  return nature === 'picture' ? credits(hold.price) : fields(hold.take, -1);
}

/** What completing counts; undefined where it counts nothing by name. */
export function countedBy({ done }: Hold): Words | undefined {
  return pairsIn(done).length > 0 ? fields(done, 1) : undefined;
}

function credits(price: unknown): Words {
  const count = typeof price === 'number' ? String(price) : '?';
  return { zh: `${count} 积分`, en: `${count} credits` };
}

function fields(pairs: Terms['take'], sign: 1 | -1): Words {
  const named = pairsIn(pairs).map(([path, by]) => `${path} ${by * sign > 0 ? '+' : ''}${by * sign}`);
  return named.length > 0
    ? { zh: named.join('，'), en: named.join(', ') }
    : { zh: '无（没有占用字段）', en: 'no field' };
}

// A hold comes out of a document, whatever became of it.
function pairsIn(pairs: unknown): readonly (readonly [path: string, by: number])[] {
  const list: readonly unknown[] = Array.isArray(pairs) ? pairs : [];
  return list.filter(
    (pair): pair is [string, number] =>
      Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'number',
  );
}
