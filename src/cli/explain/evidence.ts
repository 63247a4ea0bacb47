import { asDurableError, attemptName, DurableError, isDurableError, type Code, type Seal } from '../../core/index.ts';
import { createLetterReader, type Letter } from '../../durable/index.ts';
import { holdIn, type Hold } from '../../once/index.ts';
import { collections, isText, type Work } from '../../records/index.ts';
import { is, valueAt, type Blobs, type Document, type Store } from '../../store/index.ts';
import { isCollectionName, type KindOptions } from '../options.ts';

/** What a place said, or why it could not be read. */
export type Seen<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: Code };

/** A letter as it was found; `letter` is absent where it is sealed under another key, damaged or planted. */
export interface SeenLetter {
  readonly letterId: string;
  readonly tier: 'emergency_backup' | 'storage';
  readonly state: string;
  readonly letter: Letter | undefined;
  /** When redrive dealt with it. */
  readonly recoveredAt: Date | undefined;
}

/** Everything that is stored about one record, and what could not be read. */
export interface Evidence {
  readonly id: string;
  /** The collection that it belongs into, as its letter or its hold says, … */
  readonly records: string;
  /** … and that of the accounts which were looked at. */
  readonly accounts: string;
  readonly work: Seen<Work | undefined>;
  readonly account: Seen<Document | undefined>;
  readonly hold: Hold | undefined;
  readonly letters: Seen<readonly SeenLetter[]>;
  readonly files: Seen<readonly SeenLetter[]>;
  /** Whether the copied picture is in storage; `none` where neither the record nor a letter of it names a copy. */
  readonly picture: Seen<'there' | 'gone' | 'none'>;
}

export interface EvidenceDeps {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly hash: Parameters<typeof createLetterReader>[0]['hash'];
  readonly seal: Seal | undefined;
  readonly previousSeals: readonly Seal[];
  /** Where the records are, and the accounts that pay. */
  readonly kind: KindOptions;
}

/** Reads every place where something of the record may be; a place that fails never hides the others. */
export async function gather(deps: EvidenceDeps, given: string): Promise<Evidence> {
  const reader = createLetterReader(deps);
  const { records, accounts } = deps.kind;
  const { id, letters } = await lettersFor(deps.store, reader, given);
  const underId = await seen(() => readWork(deps, { id, records }));
  const named = await follow(deps, { id, records, work: underId }, placesIn(letters));
  const { work } = named;
  const first = await seen(() => readAccount(deps, id, ownerIn(work, letters)));
  const attempts = attemptsIn(work, letters, first.ok && first.value ? holdIn(first.value, id) : undefined);
  const [files, picture] = await Promise.all([
    seen(() =>
      readFiles(
        deps.blobs,
        reader,
        attempts.map((attempt) => attemptName(id, attempt)),
      ),
    ),
    seen(() => lookForPicture(deps.blobs, work, letters)),
  ]);
  // A file may be the only one that knows whose record it is.
  const account = first.ok && !first.value ? await seen(() => readAccount(deps, id, ownerIn(work, files))) : first;
  const hold = account.ok && account.value ? holdIn(account.value, id) : undefined;
  const held = hold?.records === undefined ? [] : [{ id, records: hold.records }];
  const home = await follow(deps, named, [...placesIn(files), ...held]);
  return { id, records: home.records, accounts, work: home.work, account, hold, letters, files, picture };
}

async function seen<T>(read: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { ok: true, value: await read() };
  } catch (error) {
    return { ok: false, code: asDurableError(error).code };
  }
}

/** Where a record is to be found. */
interface Place {
  readonly id: string;
  readonly records: string;
}

async function readWork({ store }: EvidenceDeps, { id, records }: Place): Promise<Work | undefined> {
  const work = await store.get(records, id).catch(absentCollection);
  return work as Work | undefined;
}

// Its letter says where a record belongs; that of an older letter is given an id of ours when it comes home.
function placesIn(letters: Evidence['letters']): readonly Place[] {
  const known = letters.ok ? letters.value.flatMap(({ letter }) => letter ?? []) : [];
  return known
    .map(({ recordId: id, collection: records }) => ({ id, records }))
    .filter(({ records }) => isCollectionName(records));
}

/** Goes on to another place that is named, where the record was not found. */
async function follow(
  deps: EvidenceDeps,
  home: Place & { readonly work: Evidence['work'] },
  places: readonly Place[],
): Promise<typeof home> {
  const other = places.find(({ id, records }) => id !== home.id || records !== home.records);
  if (!other || !home.work.ok || home.work.value) return home;
  return { ...other, work: await seen(() => readWork(deps, other)) };
}

/** What was given, or the record that is in the letter of this id, with all its letters. */
async function lettersFor(
  store: Store,
  reader: Reader,
  given: string,
): Promise<{ readonly id: string; readonly letters: Evidence['letters'] }> {
  const lettersOf = (id: string) => seen(() => readLetters(store, reader, id));
  const named = await lettersOf(given);
  const id = recordNamedBy(given, named) ?? given;
  return { id, letters: id === given ? named : await lettersOf(id) };
}

/** A letter's own id, as reports name it, stands for the record that is in it. */
function recordNamedBy(id: string, letters: Evidence['letters']): string | undefined {
  const own = letters.ok ? letters.value.find(({ letterId }) => letterId === id) : undefined;
  const recordId = own?.letter?.recordId ?? /^(w_[0-9a-f]{32})_\d+(?:_[0-9a-f]{16})?$/.exec(id)?.[1];
  // The older form is found by the id of its letter and by no other.
  return own?.letter?.attempt === 0 ? undefined : recordId;
}

type Reader = ReturnType<typeof createLetterReader>;

const MAX_LETTERS = 20;

// Letters are named by the record and its attempt: a range of the index that every collection has.
async function readLetters(store: Store, reader: Reader, id: string): Promise<readonly SeenLetter[]> {
  const lead = `${id}_`;
  const named = await store
    .page(collections.emergencyBackup, { after: { id: lead }, limit: MAX_LETTERS })
    .catch(absentCollection);
  const itself = await store.get(collections.emergencyBackup, id).catch(absentCollection);
  const flat = await store
    .page(collections.emergencyBackup, { where: { id, backupReason: is.above('') }, limit: MAX_LETTERS })
    .catch(absentCollection);
  const own = (named?.items ?? []).filter(({ _id }) => _id.startsWith(lead));
  const others = (flat?.items ?? []).filter(({ _id }) => _id !== itself?._id);
  return [...own, ...(itself ? [itself] : []), ...others].map((document) => seenLetter(reader, document));
}

function seenLetter(reader: Reader, document: Document): SeenLetter {
  const { state, recoveredAt } = document;
  return {
    letterId: document._id,
    tier: 'emergency_backup',
    state: typeof state === 'string' ? state : 'waiting',
    letter: readable(() => reader.read(document)),
    recoveredAt: recoveredAt instanceof Date ? recoveredAt : undefined,
  };
}

async function readFiles(blobs: Blobs, reader: Reader, letterIds: readonly string[]): Promise<readonly SeenLetter[]> {
  const found: SeenLetter[] = [];
  for (const letterId of letterIds) {
    const bytes = await blobs.get(await blobs.fileId(reader.fileOf(letterId))).catch(nullIfHuge);
    if (bytes === undefined) continue;
    const letter = bytes ? readable(() => reader.decode(bytes)) : undefined;
    found.push({ letterId, tier: 'storage', state: 'waiting', letter, recoveredAt: undefined });
  }
  return found;
}

// A file that no letter could be as large as is one that cannot be read.
function nullIfHuge(error: unknown): null {
  if (isDurableError(error, 'STORE_TOO_LARGE')) return null;
  throw error;
}

function readable(read: () => Letter): Letter | undefined {
  try {
    return read();
  } catch (error) {
    if (isDurableError(error, 'LETTER_INVALID')) return undefined;
    throw error;
  }
}

const MAX_ATTEMPTS = 10;

function attemptsIn(work: Evidence['work'], letters: Evidence['letters'], hold: Hold | undefined): readonly number[] {
  const known = [
    ...(work.ok && work.value ? [work.value.attempt] : []),
    ...(letters.ok ? letters.value.map(({ letter }) => letter?.attempt ?? 0) : []),
    hold?.attempt ?? 0,
  ];
  const last = Math.min(MAX_ATTEMPTS, Math.max(1, ...known.filter(Number.isInteger)));
  return Array.from({ length: last }, (_, index) => index + 1);
}

function ownerIn(work: Evidence['work'], letters: Evidence['letters']): string | undefined {
  if (work.ok && typeof work.value?.userId === 'string') return work.value.userId;
  const owners = letters.ok ? letters.value.map(({ letter }) => letter?.payload['userId']) : [];
  return owners.find((owner): owner is string => typeof owner === 'string');
}

// Without an owner only an open hold can be found, by the index of accounts with open calls.
async function readAccount(
  { store, kind }: EvidenceDeps,
  id: string,
  owner: string | undefined,
): Promise<Document | undefined> {
  if (owner !== undefined) return store.get(kind.accounts, owner).catch(absentCollection);
  const where = { 'quota.open': is.above(0), [`quota.holds.${id}.st`]: 'open' };
  const page = await store.page(kind.accounts, { where, limit: 1 }).catch(absentCollection);
  return page?.items[0];
}

async function lookForPicture(
  blobs: Blobs,
  work: Evidence['work'],
  letters: Evidence['letters'],
): Promise<'there' | 'gone' | 'none'> {
  const kept = letters.ok ? letters.value.map(({ letter }) => valueAt(letter?.payload, 'asset.fileId')) : [];
  const fileId = [work.ok ? work.value?.asset?.fileId : undefined, ...kept].find(isText);
  if (fileId !== undefined) return (await blobs.exists([fileId])).has(fileId) ? 'there' : 'gone';
  const unread = [work, letters].find((place) => !place.ok);
  if (unread?.ok === false) throw new DurableError(unread.code, 'what names the picture could not be read');
  return 'none';
}

function absentCollection(error: unknown): undefined {
  if (isDurableError(error, 'STORE_NOT_FOUND')) return undefined;
  throw error;
}
