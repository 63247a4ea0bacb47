import type { Document } from '../../src/store/index.ts';
import {
  addLetter,
  addWork,
  DAY_MS,
  failedWork,
  HOUR_MS,
  MINUTE_MS,
  NOW_MS,
  olderWork,
  TODAY,
  unknownWork,
  user,
  userIdOf,
  work,
  workIdOf,
  type World,
} from './world.ts';

/** One thing that is wrong, or looks as if it were: what is found of it, by section. */
export interface Plant {
  readonly what: string;
  put(world: World): void;
  readonly finds: Readonly<Record<string, readonly string[]>>;
}

const ago = (ms: number): Date => new Date(NOW_MS - ms);

function set(world: World, number: number, fields: Readonly<Record<string, unknown>>): void {
  const at = world.users.findIndex(({ _id }) => _id === userIdOf(number));
  world.users[at] = { ...(world.users[at] as Document), ...fields };
}

const more = (world: World, number: number, document: Document, counted = 1): void => {
  addWork(world, document);
  const { generateCount } = world.users[number] as { generateCount?: number };
  set(world, number, { generateCount: (generateCount ?? 0) + counted });
};

const lastId = (number: number, name: string): readonly string[] => [workIdOf(number, name)];
const hold = (fields: object = {}) => ({
  st: 'open',
  token: 't',
  attempt: 1,
  until: NOW_MS + MINUTE_MS,
  price: 1,
  day: TODAY,
  ...fields,
});
const quota = (holds: Readonly<Record<string, object>>, used: object = {}) => ({
  open: Object.values(holds).filter((one) => (one as { st?: string }).st === 'open').length,
  seq: 9,
  used,
  holds,
});

const noPicture = { imageUrl: '', asset: null };
const pending = {
  state: 'pending',
  fileId: null,
  sourceUrl: 'https://pictures.example/1.png',
  error: 'ASSET_UNAVAILABLE',
};

const MALFORMED: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['createdAt is a text', { createdAt: '2026-11-20' }],
  ['createdAt is null', { createdAt: null }],
  ['finishedAt is missing', { finishedAt: null }],
  ['price is a text', { price: '1' }],
  ['day is none', { day: 'today' }],
  ['attempt is missing', { attempt: undefined }],
  ['schemaVersion is a text', { schemaVersion: '1' }],
  ['the asset is copied nowhere', { asset: { state: 'copied', fileId: null } }],
  ['the asset is in no known state', { asset: { state: 'teleported', fileId: null } }],
];

/** What may be wrong with works; each is planted on a user of its own. */
export const WORK_PLANTS: readonly Plant[] = [
  ...MALFORMED.map(([what, fields], index): Plant => {
    const name = `malformed${index}`;
    // Where the asset is no good, what is left is the provider's address.
    const also = 'asset' in fields ? { 'picture-not-copied': lastId(1, name) } : {};
    const document = clean(work(1, name, fields));
    return {
      what: `a record whose ${what}`,
      put: (w) => more(w, 1, document),
      finds: { 'work-malformed': lastId(1, name), ...also },
    };
  }),
  {
    what: 'a failure without a reason',
    put: (w) => more(w, 1, failedWork(1, 'mute', { errorCode: null }), 0),
    finds: { 'work-malformed': lastId(1, 'mute') },
  },
  {
    what: 'a status outside the machine',
    put: (w) => more(w, 2, work(2, 'pending', { status: 'pending' }), 0),
    finds: { 'status-strange': lastId(2, 'pending') },
  },
  {
    what: 'a status that is no text',
    put: (w) => more(w, 2, work(2, 'number', { status: 7 }), 0),
    finds: { 'status-strange': lastId(2, 'number') },
  },
  {
    what: 'a completed record without a picture',
    put: (w) => more(w, 3, work(3, 'bare', noPicture)),
    finds: { 'completed-without-picture': lastId(3, 'bare') },
  },
  {
    what: 'an older completed record without a picture',
    put: (w) => more(w, 3, olderWork(3, 'olderbare', { imageUrl: '' })),
    finds: { 'completed-without-picture': lastId(3, 'olderbare') },
  },
  {
    what: 'a record of tomorrow',
    put: (w) => more(w, 4, work(4, 'future', { createdAt: ago(-DAY_MS) })),
    finds: { 'created-in-future': lastId(4, 'future') },
  },
  {
    what: 'a record without a user',
    put: (w) => void addWork(w, clean(work(5, 'nobody', { userId: undefined }))),
    finds: { 'user-missing': lastId(5, 'nobody') },
  },
  {
    what: 'records of users who do not exist, before, between and behind those who do',
    put: (w) => {
      for (const [name, userId] of [
        ['before', 'a'],
        ['between', 'u_0003x'],
        ['behind', 'z'],
      ] as const)
        addWork(w, work(6, name, { userId }));
    },
    finds: { 'user-unknown': ['before', 'behind', 'between'].map((name) => workIdOf(6, name)) },
  },
  {
    what: 'two records of one request',
    put: (w) => {
      more(w, 7, work(7, 'one', { requestId: 'same' }));
      more(w, 7, failedWork(7, 'two', { requestId: 'same' }), 0);
    },
    finds: { 'intent-twice': lastId(7, 'one') },
  },
  {
    what: 'two older records of one prompt at one moment',
    put: (w) => {
      const same = { prompt: 'p', createdAt: ago(3 * DAY_MS) };
      more(w, 7, olderWork(7, 'b', same));
      more(w, 7, olderWork(7, 'a', same));
    },
    finds: { 'intent-twice': lastId(7, 'a'), 'picture-of-older-record': [workIdOf(7, 'a'), workIdOf(7, 'b')] },
  },
  {
    what: 'a hold that nobody closes',
    put: (w) => set(w, 8, { quota: quota({ w_stale: hold({ until: NOW_MS - HOUR_MS - 1, day: '20261120' }) }) }),
    finds: { 'hold-stale': ['w_stale'] },
  },
  {
    what: 'a hold without an end',
    put: (w) => set(w, 8, { quota: quota({ w_endless: hold({ until: 'never', day: '20261120' }) }) }),
    finds: { 'hold-stale': ['w_endless'] },
  },
  {
    what: 'an unknown record of two days',
    put: (w) => more(w, 9, unknownWork(9, 'old'), 0),
    finds: { 'unknown-overdue': lastId(9, 'old') },
  },
  {
    what: 'an unknown record of three hours',
    put: (w) => {
      more(w, 9, unknownWork(9, 'young', { createdAt: ago(3 * HOUR_MS) }), 0);
      set(w, 9, { quota: quota({}, { [`d${TODAY}`]: 1 }) });
    },
    finds: { 'unknown-waiting': lastId(9, 'young') },
  },
  {
    what: 'a picture that was never copied',
    put: (w) => more(w, 10, work(10, 'uncopied', { asset: pending })),
    finds: { 'picture-not-copied': lastId(10, 'uncopied') },
  },
  {
    what: 'a picture that is about to be copied',
    put: (w) => {
      more(w, 10, work(10, 'fresh', { asset: pending, createdAt: ago(MINUTE_MS) }));
      set(w, 10, { quota: quota({}, { [`d${TODAY}`]: 1 }) });
    },
    finds: { 'picture-pending': lastId(10, 'fresh') },
  },
  {
    what: 'a picture that is lost',
    put: (w) => more(w, 10, work(10, 'lost', { asset: { ...pending, state: 'lost' } })),
    finds: { 'picture-lost': lastId(10, 'lost') },
  },
  {
    what: 'an older record, whose picture nobody ever copied',
    put: (w) => more(w, 10, olderWork(10, 'older')),
    finds: { 'picture-of-older-record': lastId(10, 'older') },
  },
  {
    what: 'a picture whose file is gone',
    put: (w) => {
      more(w, 11, work(11, 'gone'));
      w.files.pop();
    },
    finds: { 'file-missing': lastId(11, 'gone') },
  },
  {
    what: "a check's own canary",
    put: (w) => void w.works.push({ _id: 'canary_works', id: 'canary_works', canary: true, createdAt: ago(1) }),
    finds: {},
  },
];

/** What may be wrong with users, and what only looks so. */
export const USER_PLANTS: readonly Plant[] = [
  {
    what: 'a counter that is too high',
    put: (w) => set(w, 20, { generateCount: 99 }),
    finds: { 'generate-count-wrong': [userIdOf(20)] },
  },
  {
    what: 'a counter that is too low',
    put: (w) => set(w, 20, { generateCount: 0 }),
    finds: { 'generate-count-wrong': [userIdOf(20)] },
  },
  {
    what: 'a counter that is null',
    put: (w) => set(w, 20, { generateCount: null }),
    finds: { 'generate-count-wrong': [userIdOf(20)] },
  },
  {
    what: 'credits below zero',
    put: (w) => set(w, 21, { credits: -1 }),
    finds: { 'credits-negative': [userIdOf(21)] },
  },
  {
    what: 'credits that are a text',
    put: (w) => set(w, 21, { credits: '5' }),
    finds: { 'user-malformed': [userIdOf(21)] },
  },
  {
    what: 'a quota that is a text',
    put: (w) => set(w, 21, { quota: 'none' }),
    finds: { 'user-malformed': [userIdOf(21)] },
  },
  {
    what: 'holds that are a list',
    put: (w) => set(w, 21, { quota: { ...quota({}), holds: [] } }),
    finds: { 'user-malformed': [userIdOf(21)] },
  },
  {
    what: 'a usage that is a text',
    put: (w) => set(w, 21, { quota: quota({}, { [`d${TODAY}`]: '3' }) }),
    finds: { 'user-malformed': [userIdOf(21)] },
  },
  {
    what: 'a usage of today without a work',
    put: (w) => set(w, 22, { quota: quota({}, { [`d${TODAY}`]: 2 }) }),
    finds: { 'daily-usage-wrong': [userIdOf(22)] },
  },
  {
    what: 'a work of today without a usage',
    put: (w) => more(w, 22, work(22, 'today', { createdAt: ago(HOUR_MS) })),
    finds: { 'daily-usage-wrong': [userIdOf(22)] },
  },
  {
    what: 'works of today: one completed, one failed, one open with its record, one open without',
    put: (w) => {
      more(w, 23, work(23, 'done', { createdAt: ago(HOUR_MS) }));
      more(w, 23, failedWork(23, 'back', { createdAt: ago(HOUR_MS) }), 0);
      more(w, 23, work(23, 'recorded', { createdAt: ago(1_000) }), 0);
      const holds = {
        [workIdOf(23, 'recorded')]: hold(),
        [workIdOf(23, 'open')]: hold(),
        [workIdOf(23, 'back')]: hold({ st: 'back' }),
      };
      set(w, 23, { quota: quota(holds, { [`d${TODAY}`]: 3 }) });
    },
    finds: {},
  },
  {
    what: 'a completed record of today that has not come home',
    put: (w) => {
      const record = work(24, 'letter', { createdAt: ago(HOUR_MS) });
      addLetter(w, record);
      const holds = { [record._id]: hold({ st: 'done', token: record['token'] }) };
      set(w, 24, { generateCount: 3, quota: quota(holds, { [`d${TODAY}`]: 1 }) });
    },
    finds: {},
  },
  { what: 'a user who never did anything', put: (w) => void w.users.push(user(900, 0)), finds: {} },
];

// A field that is undefined is stored as none.
function clean(document: Document): Document {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined)) as Document;
}
