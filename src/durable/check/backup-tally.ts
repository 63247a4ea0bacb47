import type { Plain } from '../../core/index.ts';
import {
  addFinding,
  collections,
  concludeFindings,
  isText,
  momentOf,
  statusOf,
  type FoundSoFar,
  type Section,
  type Weights,
} from '../../records/index.ts';
import type { Document } from '../../store/index.ts';
import type { Verdict } from './letter-reader.ts';

/** Everything that section `backup` can find, worst first. */
export const BACKUP_FINDINGS = {
  'missing-collection': 'problem',
  'letters-malformed': 'problem',
  'letters-unknown-key': 'problem',
  'letters-quarantined': 'problem',
  'letters-strange-state': 'problem',
  'letters-overdue': 'problem',
  'letters-waiting': 'problem',
  'letters-unkeyed': 'note',
  'letters-older-form': 'note',
} as const satisfies Weights;

type BackupFinding = keyof typeof BACKUP_FINDINGS;

/** Waiting letters for one collection: of costly calls, whose holds have a say, or of plain writes. */
type Place = { name: string; isCall: boolean; count: number };

/** A count by a name that comes out of documents: a list, since such a name may be no field name. */
type Named = { name: string; count: number }[];
type Age = 'underHour' | 'underDay' | 'underWeek' | 'underMonth' | 'older' | 'unknown';
type State = 'waiting' | 'redriven' | 'superseded' | 'quarantined' | 'other';

/** What is known of the dead letters so far; it never grows with their number. */
export type BackupTally = {
  startedAtMs: number;
  walk: 'all' | 'waiting' | 'over';
  after: string | null;
  count: number;
  byState: Record<State, number>;
  byAge: Record<Age, number>;
  byReason: Named;
  quarantineReasons: Named;
  oldestWaitingAtMs: number | null;
  /** Where the letters that can be brought home belong; the first twenty places. */
  waitingIn: Place[];
  found: FoundSoFar;
};

const HOUR_MS = 3_600_000;
const AGES: readonly (readonly [Age, number])[] = [
  ['underHour', HOUR_MS],
  ['underDay', 24 * HOUR_MS],
  ['underWeek', 7 * 24 * HOUR_MS],
  ['underMonth', 30 * 24 * HOUR_MS],
];
/** Recovery runs every few minutes: what has waited longer than this is not being brought home. */
const OVERDUE_MS = HOUR_MS;
const SHOWN_NAMES = 20;
const NAME_LENGTH = 80;

export function emptyTally(startedAtMs: number): BackupTally {
  return {
    startedAtMs,
    walk: 'all',
    after: null,
    count: 0,
    byState: { waiting: 0, redriven: 0, superseded: 0, quarantined: 0, other: 0 },
    byAge: { underHour: 0, underDay: 0, underWeek: 0, underMonth: 0, older: 0, unknown: 0 },
    byReason: [],
    quarantineReasons: [],
    oldestWaitingAtMs: null,
    waitingIn: [],
    found: {},
  };
}

/** What the first walk wants to know of each letter; its record stays where it is. */
export const LETTER_FIELDS = ['state', 'backupReason', 'timestamp', 'recordId', 'id', 'redriveError'] as const;

/** Counts one letter, by what stands beside its record. */
export function countLetter(tally: BackupTally, letter: Document): void {
  const find = finder(tally, letter);
  const state = stateOf(letter);
  tally.count += 1;
  tally.byState[state] += 1;
  tally.byAge[ageOf(letter, tally.startedAtMs)] += 1;
  countName(tally.byReason, letter['backupReason']);
  if (state === 'other') find('letters-strange-state');
  if (isOlderForm(letter)) find('letters-older-form');
  if (state !== 'quarantined') return;
  find('letters-quarantined');
  countName(tally.quarantineReasons, letter['redriveError']);
}

/** Counts one waiting letter, whose record was looked at. */
export function countWaiting(tally: BackupTally, letter: Document, verdict: Verdict): void {
  const find = finder(tally, letter);
  if (verdict === 'malformed') find('letters-malformed');
  if (verdict === 'unknown-key') find('letters-unknown-key');
  if (verdict === 'unkeyed') find('letters-unkeyed');
  if (verdict === 'sound' || verdict === 'unkeyed') {
    find('letters-waiting');
    countPlace(tally.waitingIn, letter);
  }
  const atMs = momentOf(letter['timestamp']);
  if (atMs === undefined) return;
  tally.oldestWaitingAtMs = Math.min(tally.oldestWaitingAtMs ?? atMs, atMs);
  if (tally.startedAtMs - atMs > OVERDUE_MS) find('letters-overdue');
}

/** Notes that there is no such collection; nothing else can be said then. */
export function countMissing(tally: BackupTally, collection: string): void {
  addFinding(tally.found, 'missing-collection' satisfies BackupFinding, [collection]);
}

/** What the tally says; pure. */
export function concludeBackup(tally: BackupTally): Section {
  const findings = concludeFindings(tally.found, BACKUP_FINDINGS);
  const figures = 'missing-collection' in tally.found ? {} : figuresOf(tally);
  return { name: 'backup', status: statusOf(findings), figures, findings };
}

function figuresOf(tally: BackupTally): Record<string, Plain> {
  const { count, byState, byAge, byReason, quarantineReasons, startedAtMs, oldestWaitingAtMs, waitingIn } = tally;
  const number = (kind: BackupFinding): number => tally.found[kind]?.count ?? 0;
  return {
    ...{ count, ...byState },
    needRedrive: number('letters-waiting'),
    malformed: number('letters-malformed'),
    unknownKey: number('letters-unknown-key'),
    olderForm: number('letters-older-form'),
    oldestWaitingMs: oldestWaitingAtMs === null ? null : Math.max(0, startedAtMs - oldestWaitingAtMs),
    ...{ waitingIn, byAge, byReason, quarantineReasons },
  };
}

function finder(tally: BackupTally, { _id }: Document): (kind: BackupFinding) => void {
  return (kind) => addFinding(tally.found, kind, [_id]);
}

// Names come out of documents, so there may be any number of them: past the first twenty they are one.
function countName(names: Named, value: unknown): void {
  const name = typeof value === 'string' && value !== '' ? value.slice(0, NAME_LENGTH) : 'unknown';
  const known = names.find((entry) => entry.name === name);
  const entry = known ?? (names.length < SHOWN_NAMES ? newName(names, name) : names[SHOWN_NAMES]);
  (entry ?? newName(names, 'other')).count += 1;
}

function countPlace(places: Place[], letter: Document): void {
  // One of the older flat form names no place: it is a picture's.
  const { collection: name = collections.works, payload } = letter as { collection?: unknown; payload?: unknown };
  if (typeof name !== 'string' || name.length > NAME_LENGTH) return;
  const { token, hash } = (payload ?? {}) as { token?: unknown; hash?: unknown };
  const isCall = name === collections.works || (isText(token) && isText(hash));
  const known = places.find((place) => place.name === name && place.isCall === isCall);
  if (known) known.count += 1;
  else if (places.length < SHOWN_NAMES) places.push({ name, isCall, count: 1 });
}

function newName(names: Named, name: string): Named[number] {
  const entry = { name, count: 0 };
  names.push(entry);
  return entry;
}

function stateOf({ state }: Document): State {
  // Letters of the older flat form have none: they wait.
  if (state === undefined || state === 'waiting') return 'waiting';
  return state === 'redriven' || state === 'superseded' || state === 'quarantined' ? state : 'other';
}

function isOlderForm({ id, recordId, backupReason }: Document): boolean {
  return recordId === undefined && typeof id === 'string' && typeof backupReason === 'string';
}

function ageOf(letter: Document, nowMs: number): Age {
  const atMs = momentOf(letter['timestamp']);
  if (atMs === undefined) return 'unknown';
  return AGES.find(([, belowMs]) => nowMs - atMs < belowMs)?.[0] ?? 'older';
}
