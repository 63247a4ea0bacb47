/**
 * A deployment after bad weeks: people, calls that ended in every way a call can end, and the letters that wait for
 * their records. Each call is planted together with what must have become of it; nothing of that is asked of the library.
 */
import { beijingDay } from '../../src/core/index.ts';
import type { LetterState } from '../../src/durable/letter.ts';
import type { HoldState } from '../../src/once/index.ts';
import type { WorkStatus } from '../../src/records/index.ts';
import type { Document } from '../../src/store/index.ts';
import { composeLetterWith, composeOlderLetter, DAMAGES, letterAsFile, olderIdOf } from './letters.ts';

/** The deployment's key, and the one before it, which nobody has configured any more. */
export const KEY = '0123456789abcdef'.repeat(4);
export const PREVIOUS_KEY = '5e'.repeat(32);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LEASE_MS = 2 * MINUTE_MS;

/** What must be known of a call at some moment. */
export interface End {
  /** Of the record; undefined: there is none. */
  readonly status?: WorkStatus | undefined;
  /** Whether recovery wrote the record. @default false */
  readonly isRecovered?: boolean;
  /** Undefined: the account has no hold of it. */
  readonly hold?: HoldState | undefined;
  /** Whether the account has paid for it: one credit, and one use of the day. */
  readonly isTaken: boolean;
  /** Whether `generateCount` counts it, once it is right. */
  readonly isCounted: boolean;
  /** Of its letters, in their order. */
  readonly letters?: readonly LetterState[];
}

/** One call as it was left, and its truth. */
export interface Plant {
  readonly kind: KindName;
  readonly owner: number;
  /** The record as it was meant, whether it is anywhere or not. */
  readonly record: Document;
  readonly hold?: Document;
  readonly works: readonly Document[];
  readonly letters: readonly Document[];
  readonly file?: { readonly name: string; readonly text: string };
  /** Before anything was done, … */
  readonly before: Pick<End, 'isTaken' | 'isCounted'>;
  /** … after the first recovery, after five, and a day after that under both keys. */
  readonly after: End;
  readonly settled: End;
  readonly later: End;
}

/** What a kind of call is planted from. */
interface Call {
  readonly n: number;
  /** The record, completed. */
  readonly record: Document;
  /** As `record`, with the status of a call that failed, or of which nothing was seen. */
  readonly failed: Document;
  readonly unknown: Document;
  letter(record: Document, attempt?: number): Document;
}

interface Planted {
  /** How long ago it was opened. @default an hour */
  readonly ageMs?: number;
  readonly plant: (call: Call) => Partial<Omit<Plant, 'hold'>> & {
    readonly hold?: HoldState;
    readonly holdFields?: Readonly<Record<string, unknown>>;
    readonly after: End;
  };
}

const FREE = { isTaken: false, isCounted: false } as const;
const OPEN = { isTaken: true, isCounted: false } as const;
const DONE = { isTaken: true, isCounted: true } as const;
const HOME: End = { status: 'completed', isRecovered: true, hold: 'done', ...DONE, letters: ['redriven'] };
const GIVEN_BACK: End = { status: 'failed', hold: 'back', ...FREE };
const NOT_SEEN: End = { status: 'unknown', hold: 'open', ...OPEN };
const DELETED_AT = { deletedAt: new Date(Date.UTC(2026, 10, 1)) };
const OVER_16_MB = 20_000_000;
/** What fits into a document of 16 MiB with its letter around it. */
const UNDER_16_MB = 16_700_000;

const KINDS = {
  'sound and at home': {
    plant: ({ record }) => ({
      hold: 'done',
      works: [record],
      before: DONE,
      after: { ...HOME, isRecovered: false, letters: [] },
    }),
  },
  'its record in a letter only': {
    plant: ({ record, letter }) => ({ hold: 'done', letters: [letter(record)], before: DONE, after: HOME }),
  },
  'a letter though the record was written': {
    plant: ({ record, letter }) => ({
      ...{ hold: 'done', works: [record], letters: [letter(record)], before: DONE },
      after: { ...HOME, isRecovered: false },
    }),
  },
  'an older letter': {
    plant: ({ n, record }) => {
      const older = { ...olderRecord(record), _id: olderIdOf(record) };
      const letters = [composeOlderLetter(`older_${n}`, { ...older, _id: `work_${n}` })];
      return { record: older, letters, before: FREE, after: { ...HOME, hold: undefined, isTaken: false } };
    },
  },
  'an older letter of a record with another id': {
    plant: ({ n, record }) => {
      const older = olderRecord(record);
      const letters = [composeOlderLetter(`twin_${n}`, { ...older, _id: `work_${n}` })];
      const after: End = { status: 'completed', isTaken: false, isCounted: true, letters: ['superseded'] };
      return { record: older, works: [older], letters, before: { ...FREE, isCounted: true }, after };
    },
  },
  'deleted by its user while it was a letter': {
    plant: ({ record, letter }) => {
      const deleted = { ...record, ...DELETED_AT };
      return { record: deleted, hold: 'done', letters: [letter(deleted)], before: DONE, after: HOME };
    },
  },
  'deleted by its user after it was written, with a letter': {
    plant: ({ record, letter }) => {
      const deleted = { ...record, ...DELETED_AT };
      const after = { ...HOME, isRecovered: false };
      return { record: deleted, hold: 'done', works: [deleted], letters: [letter(record)], before: DONE, after };
    },
  },
  'a letter under the previous key': {
    plant: ({ record }) => ({
      ...{ hold: 'done', letters: [composeLetterWith(record, { key: PREVIOUS_KEY })], before: DONE },
      after: { ...DONE, hold: 'done', letters: ['waiting'] },
      later: HOME,
    }),
  },
  'a letter from before there was a key': {
    plant: ({ record }) => ({ hold: 'done', letters: [composeLetterWith(record, {})], before: DONE, after: HOME }),
  },
  'a letter that nobody vouches for': {
    plant: ({ record }) => ({
      ...{ letters: [composeLetterWith(record, {})], before: FREE, after: { ...FREE, letters: ['waiting'] } },
    }),
  },
  'a damaged letter': {
    plant: ({ n, record }) => {
      const damages = Object.values(DAMAGES);
      const damaged = damages[n % damages.length]?.(composeLetterWith(record, {}));
      const settled: End = { ...FREE, letters: ['quarantined'] };
      return { letters: damaged ? [damaged] : [], before: FREE, after: { ...FREE, letters: ['waiting'] }, settled };
    },
  },
  'an older attempt beside the one that counts': {
    plant: ({ record, letter }) => {
      const letters = [letter({ ...record, token: 'older' }), letter(record, 2)];
      const after: End = { ...HOME, letters: ['superseded', 'redriven'] };
      return { hold: 'done', holdFields: { attempt: 2 }, letters, before: DONE, after };
    },
  },
  'open, with its letter': {
    plant: ({ record, letter }) => ({ hold: 'open', letters: [letter(record)], before: OPEN, after: HOME }),
  },
  'open, with the letter of a failure': {
    plant: ({ failed, letter }) => ({
      ...{ record: failed, hold: 'open', letters: [letter(failed)], before: OPEN },
      after: { ...GIVEN_BACK, isRecovered: true, letters: ['redriven'] },
    }),
  },
  'failed, its record in a letter only': {
    plant: ({ failed, letter }) => ({
      ...{ record: failed, hold: 'back', letters: [letter(failed)], before: FREE },
      after: { ...GIVEN_BACK, isRecovered: true, letters: ['redriven'] },
    }),
  },
  'still running, with its letter': {
    plant: ({ record, letter }) => ({
      ...{ hold: 'open', holdFields: { until: Infinity }, letters: [letter(record)], before: OPEN },
      after: { ...OPEN, hold: 'open', letters: ['waiting'] },
      later: HOME,
    }),
  },
  'unknown, with its letter': {
    plant: ({ record, unknown, letter }) => ({
      ...{ hold: 'open', works: [unknown], letters: [letter(record)], before: OPEN, after: HOME },
    }),
  },
  'a letter as large as a document may be': {
    plant: ({ record, letter }) => {
      const large = { ...record, note: 'x'.repeat(UNDER_16_MB) };
      return { record: large, hold: 'done', letters: [letter(large)], before: DONE, after: HOME };
    },
  },
  'open, its record in storage only': {
    plant: ({ record, letter }) => ({
      ...{ hold: 'open', file: letterAsFile(letter(record), KEY), before: OPEN, after: { ...HOME, letters: [] } },
    }),
  },
  'open, its record of 20 MB in storage only': {
    plant: ({ record, letter }) => {
      const huge = { ...record, note: 'x'.repeat(OVER_16_MB) };
      const file = letterAsFile(letter(huge), KEY);
      return { hold: 'open', file, before: OPEN, after: { ...HOME, letters: [] } };
    },
  },
  'open, and nothing was seen': {
    plant: ({ unknown }) => ({ record: unknown, hold: 'open', before: OPEN, after: NOT_SEEN, later: GIVEN_BACK }),
  },
  'open for a day, and nothing was seen': {
    ageMs: 26 * HOUR_MS,
    plant: ({ failed }) => ({ record: failed, hold: 'open', before: OPEN, after: GIVEN_BACK }),
  },
  'open, though the record was written': {
    plant: ({ record }) => ({
      ...{ hold: 'open', works: [record], before: OPEN, after: { ...HOME, isRecovered: false, letters: [] } },
    }),
  },
  'unknown under an open hold': {
    plant: ({ unknown }) => ({
      ...{ record: unknown, hold: 'open', works: [unknown], before: OPEN, after: NOT_SEEN, later: GIVEN_BACK },
    }),
  },
  'unknown under a void hold': {
    plant: ({ failed, unknown }) => ({
      ...{ record: failed, hold: 'void', works: [unknown], before: FREE, after: { ...GIVEN_BACK, hold: 'void' } },
    }),
  },
  'unknown for a day, its hold gone': {
    ageMs: 26 * HOUR_MS,
    plant: ({ failed, unknown }) => ({
      ...{ record: failed, works: [unknown], before: OPEN, after: { status: 'failed', ...OPEN } },
    }),
  },
  'unknown, its hold gone': {
    plant: ({ unknown }) => {
      // Of days ago: that nobody gets this use back must not make today's wrong.
      const record = { ...unknown, day: beijingDay((unknown['createdAt'] as Date).getTime() - 48 * HOUR_MS) };
      const later: End = { status: 'failed', ...OPEN };
      return { record, works: [record], before: OPEN, after: { status: 'unknown', ...OPEN }, later };
    },
  },
} as const satisfies Readonly<Record<string, Planted>>;

export type KindName = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[];
/** Records of many megabytes take their time. */
export const LARGE_KINDS: readonly KindName[] = [
  'a letter as large as a document may be',
  'open, its record of 20 MB in storage only',
];

export interface OperationsOptions {
  readonly nowMs: number;
  /** How many people there are; every third has a wrong counter. */
  readonly people: number;
  /** How many calls of each kind. */
  readonly counts: Readonly<Partial<Record<KindName, number>>>;
}

/** The calls, each of somebody else than the one before it. */
export function plantCalls({ nowMs, people, counts }: OperationsOptions): readonly Plant[] {
  const kinds = KIND_NAMES.flatMap((kind) => Array.from({ length: counts[kind] ?? 0 }, () => kind));
  return kinds.map((kind, n) => plantOne(kind, { n, nowMs, owner: (n * 7) % people }));
}

function plantOne(kind: KindName, { n, nowMs, owner }: { n: number; nowMs: number; owner: number }): Plant {
  const { ageMs = HOUR_MS / 2, plant }: Planted = KINDS[kind];
  const atMs = nowMs - ageMs;
  const record = workOf({ n, owner, atMs });
  const failed = { ...record, status: 'failed', errorCode: 'PROVIDER_FAILED', imageUrl: '' };
  const unknown = { ...record, status: 'unknown', imageUrl: '', finishedAt: null };
  const letter = (of: Document, attempt = 1) => composeLetterWith(of, { attempt, key: KEY, atMs });
  const { hold, holdFields = {}, ...planted } = plant({ n, record, failed, unknown, letter });
  const { settled = planted.after, later = settled } = planted;
  const until = holdFields['until'] === Infinity ? nowMs + HOUR_MS : atMs + LEASE_MS;
  const held = { st: hold, token: record['token'], attempt: 1, hash: 'h', at: atMs, price: 1, day: record['day'] };
  const draft = hold === 'open' ? { draft: { prompt: record['originalPrompt'], requestId: record['requestId'] } } : {};
  return {
    ...{ kind, owner, record, works: [], letters: [], before: FREE },
    ...{ ...planted, settled, later },
    ...(hold ? { hold: { _id: record._id, ...held, ...holdFields, until, ...draft } } : {}),
  };
}

export const personIdOf = (owner: number): string => `u_${String(owner).padStart(3, '0')}`;
export const openidOf = (owner: number): string => `oPerson${owner}`;

function workOf({ n, owner, atMs }: { n: number; owner: number; atMs: number }): Document & { readonly day: string } {
  const _id = `w_${String(n).padStart(4, '0')}`;
  const name = `画 ${n}`;
  return {
    ...{ _id, id: _id, userId: personIdOf(owner), openid: openidOf(owner), title: name, prompt: name },
    ...{ originalPrompt: name, imageUrl: 'https://pictures.example/1.png', status: 'completed', errorMessage: '' },
    ...{ errorCode: null, createdAt: new Date(atMs), finishedAt: new Date(atMs + 4_000), requestId: `r${n}` },
    ...{ provider: 'local', asset: null, day: beijingDay(atMs), price: 1, token: `t${n}`, attempt: 1, hash: 'h' },
    schemaVersion: 1,
  };
}

// What the code before this library wrote.
function olderRecord(record: Document): Document {
  const { _id, userId, title, prompt, originalPrompt, imageUrl, status, createdAt } = record;
  return { _id, userId, title, prompt, originalPrompt, imageUrl, status, createdAt };
}
