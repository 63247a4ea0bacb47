/** What the checker is told about a history that was played: nothing of it comes from the code under test. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createSeal } from '../../src/core/node/index.ts';
import { decodeLetter } from '../../src/durable/tiers.ts';
import { collections } from '../../src/records/index.ts';
import type { Document } from '../../src/store/index.ts';
import type { AccountBefore, Answer, Commit, PaidCall, Stored, Truth } from '../simulation/histories/truth.ts';
import type { CloudControl, Entry, Order } from './cloud-control.ts';
import { KEY, type Lane } from './lane.ts';
import type { Scene } from './course.ts';
import type { Planted, Played } from './play.ts';

export interface Evidence {
  readonly truth: Truth;
  readonly stored: Stored;
  readonly log: readonly Commit[];
  /** What was painted for each record, as hashes of the bytes. */
  readonly painted: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Gathers what image service, people and database know of the history. */
export async function gather({ lane, cloud }: Scene, { clients, people }: Played): Promise<Evidence> {
  const dumps = [collections.works, collections.users, collections.emergencyBackup].map((name) => cloud.dump(name));
  const [works = [], users = [], letters = []] = await Promise.all(dumps);
  const keys = new Set(clients.answers.map(({ key }) => key));
  const orders = (await cloud.orders()).filter(({ requestId }) => keys.has(keyIn(requestId)));
  const entries = await cloud.log();
  const names = await nameAddresses(cloud, orders);
  const log = commitsOf(entries, createLetterFiles(lane)).map((commit) => ({
    ...commit,
    after: commit.after && withNames(commit.after, names),
  }));
  const standingAt = (atMs: number): number => countUpTo(log, atMs);
  const sealed = sealedIn(lane);
  return {
    painted: await paintedFor(cloud, orders),
    log,
    stored: { works: works.map((work) => withNames(work, names)), users, letters },
    truth: {
      paid: orders.map((order) => paidCall(order, standingAt)),
      answers: clients.answers.map((answer) => answerOf(answer, { names, sealed, standingAt })),
      deletedByUsers: clients.deleted,
      accounts: people.map(accountBefore),
    },
  };
}

const keyIn = (requestId: string | null): string => (requestId ?? '').replace(/_\d+$/, '');

function paidCall({ atMs, requestId, outcome }: Order, standingAt: (atMs: number) => number): PaidCall {
  const attempt = Number(/_(\d+)$/.exec(requestId ?? '')?.[1]);
  return {
    key: keyIn(requestId),
    attempt,
    atMs,
    seq: standingAt(atMs),
    made: outcome === 'painted',
    form: 'address',
  };
}

const LIMITS = { free: { dailyLimit: 50, triesLimit: 150 }, vip: { dailyLimit: 200, triesLimit: 600 } };
const WELCOME_CREDITS = 20;

function accountBefore({ person: { account }, userId, day }: Planted): AccountBefore {
  const { credits, isVip, usedToday, wrongCount } = account ?? { ...NEW_ACCOUNT };
  return {
    userId,
    credits,
    price: isVip ? 0 : 1,
    ...LIMITS[isVip ? 'vip' : 'free'],
    used: { [day]: usedToday },
    isTampered: wrongCount > 0,
  };
}

const NEW_ACCOUNT = { credits: WELCOME_CREDITS, isVip: false, usedToday: 0, wrongCount: 0 };

interface Sight {
  readonly names: ReadonlyMap<string, string>;
  readonly sealed: ReadonlySet<string>;
  standingAt(atMs: number): number;
}

function answerOf(answer: Omit<Answer, 'seq'>, { names, sealed, standingAt }: Sight): Answer {
  const { said, key, atMs } = answer;
  const seq = standingAt(atMs);
  if (said.kind !== 'final') return { ...answer, seq };
  // That a refusal of the image service sits in the log alone is nothing that a person is told.
  const savedIn = said.status === 'failed' && sealed.has(key) ? 'log' : said.savedIn;
  return { ...answer, seq, said: { ...said, savedIn, imageUrl: names.get(said.imageUrl) ?? said.imageUrl } };
}

/** Keys of records that were sealed into the log. */
function sealedIn(lane: Lane): ReadonlySet<string> {
  const lines = lane
    .printed()
    .flatMap(({ text }) => text.split('\n').filter((line) => line.includes('"write.sealed"')));
  return new Set(lines.map((line) => String((JSON.parse(line) as { recordId?: unknown }).recordId)));
}

/** How many of the commits stood at this moment. */
function countUpTo(log: readonly Commit[], atMs: number): number {
  const next = log.findIndex((commit) => commit.atMs > atMs);
  return next === -1 ? log.length : next;
}

/** Every address under which something is shown, with what it shows: the hash of the bytes. */
async function nameAddresses(cloud: CloudControl, orders: readonly Order[]): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const { path, sha256 } of await cloud.files()) names.set(`cloud://emu-env.emu/${path}`, sha256);
  for (const { promptSha256, outcome } of orders) {
    if (outcome === 'painted') names.set(cloud.pictureUrl(promptSha256), await cloud.pictureHash(promptSha256));
  }
  return names;
}

async function paintedFor(cloud: CloudControl, orders: readonly Order[]): Promise<Evidence['painted']> {
  const painted = new Map<string, Set<string>>();
  for (const { requestId, promptSha256 } of orders.filter(({ outcome }) => outcome === 'painted')) {
    const key = keyIn(requestId);
    painted.set(key, (painted.get(key) ?? new Set()).add(await cloud.pictureHash(promptSha256)));
  }
  return painted;
}

// The same picture has an address at the image service and one in storage: records and answers are compared by what
// is shown.
function withNames(document: Document, names: ReadonlyMap<string, string>): Document {
  const { imageUrl, payload } = document;
  return {
    ...document,
    ...(typeof imageUrl === 'string' ? { imageUrl: names.get(imageUrl) ?? imageUrl } : {}),
    ...(typeof payload === 'object' ? { payload: withNames(payload as Document, names) } : {}),
  };
}

const LETTER = /^wx-durable\/letters\/.*\.json$/;
const CHANGES = new Set(['insert', 'update', 'remove', 'putFile', 'removeFile']);

function commitsOf(entries: readonly Entry[], letterIn: (entry: Entry) => Document | undefined): readonly Commit[] {
  const changes = entries.filter(({ op, id = '' }) => CHANGES.has(op) && (!op.endsWith('File') || LETTER.test(id)));
  return changes.map((entry, index) => {
    const { op, atMs, collection, id = '' } = entry;
    const isFile = op.endsWith('File');
    const after = op.startsWith('remove') ? undefined : isFile ? letterIn(entry) : entry.document;
    const place = isFile ? 'letter-files' : collection;
    return { seq: index + 1, atMs, place, id: isFile ? basename(id, '.json') : id, after };
  });
}

/** Reads letters that lie, or lay, in storage. */
function createLetterFiles({ filesDir }: Lane): (entry: Entry) => Document | undefined {
  const seal = createSeal(KEY);
  let paths: readonly string[] | undefined;
  return ({ document }) => {
    const { content } = document as unknown as { content: string };
    paths ??= readdirSync(filesDir, { recursive: true }).map(String);
    const path = paths.find((name) => name.endsWith(`-${content}.json`));
    return path === undefined ? undefined : decodeLetter(readFileSync(join(filesDir, path)), seal);
  };
}
