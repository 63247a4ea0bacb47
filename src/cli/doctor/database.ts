import { asDurableError, codeFacts, isDurableError, withTimeout, type Clock, type Random } from '../../core/index.ts';
import { collections } from '../../records/index.ts';
import { problemOf } from '../../store/cloudbase/index.ts';
import { exists } from '../init/plan.ts';
import type { Target } from '../target.ts';
import { line, type DoctorLine, type Words } from './line.ts';

/** Each collection of the library: there, missing, or not to be read. */
export async function checkCollections({ store }: Pick<Target, 'store'>): Promise<readonly DoctorLine[]> {
  const names = Object.values(collections);
  const found = await Promise.all(names.map(async (name) => ({ name, is: await look(store, name) })));
  const missing = found.filter(({ is }) => is === 'missing').map(({ name }) => name);
  const unread = found.flatMap(({ name, is }) => (typeof is === 'object' ? [{ name, error: is }] : []));
  const present = names.length - missing.length - unread.length;
  return [
    ...(present > 0
      ? [line('ok', 'collections', { zh: `${present} 个集合已存在`, en: `${present} collections exist` })]
      : []),
    ...(missing.length > 0 ? [missingLine(missing)] : []),
    ...unread.map(unreadLine),
  ];
}

function missingLine(missing: readonly string[]): DoctorLine {
  const said = { zh: `缺少集合 ${missing.join('、')}`, en: `missing collections: ${missing.join(', ')}` };
  return line('problem', 'collections', said, { zh: '运行 wx-durable init', en: 'run wx-durable init' });
}

function unreadLine({
  name,
  error,
}: {
  readonly name: string;
  readonly error: ReturnType<typeof asDurableError>;
}): DoctorLine {
  const { code } = error;
  const said = { zh: `读不到集合 ${name}：${codeFacts(code).zh}（${code}）`, en: `cannot read ${name}: ${code}` };
  if (code !== 'STORE_DENIED') return line('unknown', 'collections', said);
  return line('problem', 'collections', said, {
    zh: '检查访问密钥是否有该环境的数据库权限',
    en: 'check that the access key may use the database of this environment',
  });
}

async function look(store: Target['store'], name: string) {
  try {
    return (await exists(store, name)) ? 'exists' : 'missing';
  } catch (error) {
    return asDurableError(error);
  }
}

interface RawDatabase {
  serverDate(): unknown;
  collection(name: string): { add(options: { data: object }): Promise<unknown> };
}

const TIMEOUT_MS = 5_000;
/** Signatures of requests are refused when clocks differ by minutes; leases are right as long as they agree within one. */
const TOLERATED_SKEW_MS = 10_000;

/** Compares this machine's clock with the database's, through a document that is removed at once. */
export async function checkClock(
  { cloud, store }: Target,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<DoctorLine> {
  const _id = `doctor_${random.token()}`;
  try {
    const db = cloud.database() as RawDatabase;
    const sentAtMs = clock.now();
    const adding = db.collection(collections.jobs).add({ data: { _id, at: db.serverDate() } });
    await withTimeout(clock, TIMEOUT_MS, adding, () => new Error('no answer in time'));
    const middleMs = (sentAtMs + clock.now()) / 2;
    const at = (await store.get(collections.jobs, _id))?.['at'];
    if (!(at instanceof Date)) return clockUnknown('no date came back');
    return clockLine(Math.round(at.getTime() - middleMs));
  } catch (error) {
    return notCompared(error);
  } finally {
    await store.remove(collections.jobs, { id: _id }).catch(() => undefined);
  }
}

function clockLine(skewMs: number): DoctorLine {
  const seconds = (Math.abs(skewMs) / 1_000).toFixed(1);
  const said = { zh: `本机时钟与数据库相差 ${seconds} 秒`, en: `this clock and the database's differ by ${seconds} s` };
  if (Math.abs(skewMs) <= TOLERATED_SKEW_MS) return line('ok', 'clock', said);
  return line('problem', 'clock', said, { zh: '校准本机时间（NTP）', en: "set this machine's clock (NTP)" });
}

// It is written through the SDK itself, since the database's own time is asked for: so are its errors.
function notCompared(error: unknown): DoctorLine {
  if (isDurableError(error)) return clockUnknown(error.code);
  const problem = problemOf(error);
  const why =
    problem === 'not-found' ? { zh: `缺少集合 ${collections.jobs}`, en: `no ${collections.jobs}` } : undefined;
  return clockUnknown(problem, why);
}

function clockUnknown(code: string, why: Words = { zh: code, en: code }): DoctorLine {
  return line('unknown', 'clock', {
    zh: `无法与数据库核对时钟（${why.zh}）`,
    en: `the clock could not be compared with the database's (${why.en})`,
  });
}
