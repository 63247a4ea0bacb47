/**
 * The original algorithm, as its published description has it: the peer of our benchmarks, and nothing else uses it.
 * Its reads stop at 100 documents, which would make it fast by not doing the work; here that limit is lifted, so that
 * both look at the same documents. Everything else is as described: one count per user, one record after another.
 */

/** What of the SDK's database it uses; the SDK's own types reject this use. */
export interface Database {
  readonly command: { inc(by: number): unknown };
  collection(name: string): Collection;
}

interface Query {
  where(filter: object): Query;
  skip(count: number): Query;
  limit(count: number): Query;
  get(): Promise<{ readonly data: readonly Row[] }>;
  count(): Promise<{ readonly total: number }>;
}

interface Collection extends Query {
  add(what: { data: object }): Promise<unknown>;
  doc(id: string): { update(what: { data: object }): Promise<unknown>; remove(): Promise<unknown> };
}

type Row = Readonly<Record<string, unknown>> & { readonly _id: string };

const PAGE = 1_000;

async function readAll(query: Query): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const { data } = await query.skip(rows.length).limit(PAGE).get();
    rows.push(...data);
    if (data.length < PAGE) return rows;
  }
}

const MAX_RETRIES = 3;

/** Waits so many milliseconds. */
type Wait = (ms: number) => Promise<void>;

/** Its record of one generation; `id` is a field as any other. */
export interface OriginalWork {
  readonly id: string;
  readonly userId: string;
  readonly prompt: string;
  readonly status: 'completed' | 'failed';
  readonly createdAt: Date;
  readonly [field: string]: unknown;
}

/**
 * Its way of keeping a record: up to three adds, then the emergency backup; what fails there is logged. Without `byId`
 * each add lets the database make up an `_id`, as described; with it the record's own id is the `_id`, and a key that
 * is there already counts as saved: the shortest mend there is.
 */
export async function saveWork(db: Database, wait: Wait, work: OriginalWork, byId = false): Promise<void> {
  const data = byId ? { ...work, _id: work.id } : work;
  for (let retryCount = 1; ; retryCount += 1) {
    try {
      await db.collection('works').add({ data });
      return;
    } catch (saveError) {
      if (byId && String(saveError).includes('E11000')) return;
      if (retryCount >= MAX_RETRIES) return backUp(db, data, { saveError, retryCount });
      await wait(1_000 * retryCount);
    }
  }
}

async function backUp(
  db: Database,
  data: object,
  { saveError, retryCount }: { readonly saveError: unknown; readonly retryCount: number },
): Promise<void> {
  const why = { backupReason: 'works_collection_save_failed', originalError: String(saveError), retryCount };
  try {
    await db.collection('emergency_backup').add({ data: { ...data, ...why, timestamp: new Date() } });
  } catch {
    // Logged, and that is all.
  }
}

/** Its counter: one increment, whose failure does not concern the record. */
export async function countGeneration(db: Database, userId: string): Promise<void> {
  try {
    await db
      .collection('users')
      .doc(userId)
      .update({ data: { generateCount: db.command.inc(1) } });
  } catch {
    // Logged, and that is all.
  }
}

/** Its count repair: what is counted is written, whatever happened in between. */
export async function fixUserConsistency(db: Database): Promise<void> {
  for (const user of await readAll(db.collection('users'))) {
    const { total } = await db.collection('works').where({ userId: user._id, status: 'completed' }).count();
    if (total === user['generateCount']) continue;
    await db
      .collection('users')
      .doc(user._id)
      .update({ data: { generateCount: total } });
  }
}

export interface OriginalReport {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly today: number;
  readonly abnormal: number;
  readonly backups: number;
  readonly wrongUsers: readonly string[];
}

/** Its integrity check: works, emergency backup, users. */
export async function checkDataIntegrity(db: Database, today: Date): Promise<OriginalReport> {
  const works = await readAll(db.collection('works'));
  const backups = await readAll(db.collection('emergency_backup'));
  const users = await readAll(db.collection('users'));
  const wrongUsers: string[] = [];
  for (const user of users) {
    const { total } = await db.collection('works').where({ userId: user._id, status: 'completed' }).count();
    if (total !== user['generateCount']) wrongUsers.push(user._id);
  }
  const withStatus = (status: string): number => works.filter((work) => work['status'] === status).length;
  return {
    total: works.length,
    completed: withStatus('completed'),
    failed: withStatus('failed'),
    today: works.filter((work) => (work['createdAt'] as Date) >= today).length,
    abnormal: works.filter((work) => !work['imageUrl'] && work['status'] === 'completed').length,
    backups: backups.length,
    wrongUsers,
  };
}

/** Its recovery: each backup is looked for by its content and, if it is not there, added. */
export async function recoverFromBackup(db: Database): Promise<number> {
  const backups = await readAll(db.collection('emergency_backup'));
  let recovered = 0;
  for (const { _id, ...backup } of backups) {
    const { userId, prompt, createdAt } = backup;
    const existing = await db.collection('works').where({ userId, prompt, createdAt }).get();
    if (existing.data.length === 0) {
      await db.collection('works').add({ data: { ...backup, isRecovered: true, recoveredAt: new Date() } });
      recovered += 1;
    }
    await db.collection('emergency_backup').doc(_id).remove();
  }
  return recovered;
}
