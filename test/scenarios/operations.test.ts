/** A deployment after bad weeks, brought to rights by its timers and by an operator: nothing doubled, nothing lost. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeClock } from '../../src/core/node/index.ts';
import type { IntegrityReport } from '../../src/records/index.ts';
import { createOpsStage, initialise, type OpsStage } from '../cli/ops-stage.ts';
import { createInProcess, DAY_MS, LEASE_MS } from '../support/in-process.ts';
import { resultOf, type Answer } from '../support/local-cloud.ts';
import { KEY, openidOf, PREVIOUS_KEY, type KindName } from '../support/operations.ts';
import { load, look, plantOperations, type Operations } from '../support/operations-truth.ts';

const ADMIN = { openid: 'oAdmin' };
const ENV = { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_ADMINS: ADMIN.openid, WX_DURABLE_KEY: KEY };
const COUNTS: Readonly<Record<KindName, number>> = {
  'sound and at home': 300,
  'its record in a letter only': 67,
  'a letter though the record was written': 30,
  'an older letter': 12,
  'an older letter of a record with another id': 8,
  'deleted by its user while it was a letter': 15,
  'deleted by its user after it was written, with a letter': 5,
  'a letter under the previous key': 8,
  'a letter from before there was a key': 10,
  'a letter that nobody vouches for': 5,
  'a damaged letter': 25,
  'an older attempt beside the one that counts': 5,
  'open, with its letter': 20,
  'open, with the letter of a failure': 5,
  'failed, its record in a letter only': 15,
  'still running, with its letter': 5,
  'unknown, with its letter': 10,
  'a letter as large as a document may be': 0,
  'open, its record in storage only': 8,
  'open, its record of 20 MB in storage only': 1,
  'open, and nothing was seen': 6,
  'open for a day, and nothing was seen': 6,
  'open, though the record was written': 6,
  'unknown under an open hold': 3,
  'unknown under a void hold': 4,
  'unknown for a day, its hold gone': 4,
  'unknown, its hold gone': 2,
};

const TOO_LARGE = 'open, its record of 20 MB in storage only';

let stage: OpsStage;
let world: Operations;

beforeAll(async () => {
  stage = await createOpsStage({ env: ENV });
  await initialise(stage.cloud);
  world = plantOperations({ nowMs: nodeClock.now(), people: 150, counts: COUNTS });
  await load(stage.cloud, world);
});

afterAll(() => stage.close());

const idsOf = (...kinds: readonly KindName[]) =>
  kinds.flatMap((kind) => world.ofKind(kind).map(({ record }) => record._id)).sort();
const lettersOf = (...kinds: readonly KindName[]) =>
  kinds.flatMap((kind) => world.ofKind(kind).flatMap(({ letters }) => letters.map(({ _id }) => _id))).sort();
const overdueLetters = () =>
  world.documents.emergency_backup.filter(
    ({ timestamp }) => timestamp instanceof Date && timestamp.getTime() < Date.UTC(2026, 0, 1),
  );

interface Checked {
  readonly code: number | null;
  readonly sections: Readonly<Record<string, string>>;
  readonly problems: Readonly<Record<string, number>>;
}

async function check(...sections: readonly string[]): Promise<Checked> {
  const args = ['check', ...sections.flatMap((name) => ['--section', name])];
  const { code, result } = await stage.json(args, { WX_DURABLE_KEY: KEY });
  const report = result['report'] as IntegrityReport;
  const found = report.sections.flatMap(({ findings }) => findings.filter(({ weight }) => weight === 'problem'));
  return {
    code,
    sections: Object.fromEntries(report.sections.map(({ name, status }) => [name, status])),
    problems: Object.fromEntries(found.map(({ kind, count }) => [kind, count])),
  };
}

/** The recovery as an administrator asks for it: due or not. */
const recoverNow = async (): Promise<Answer> =>
  resultOf(await stage.cloud.invoke('recoverFromBackup', { action: 'recover' }, ADMIN));

/** How many could not be finished, by phase. */
const failuresIn = ({ data }: Answer) =>
  Object.fromEntries(
    Object.entries(data?.['phases'] as Record<string, { failures: Record<string, number> }>).flatMap(
      ([phase, { failures }]) => {
        const count = Object.values(failures).reduce((sum, one) => sum + one, 0);
        return count > 0 ? [[phase, count]] : [];
      },
    ),
  );

/** What was written but for the jobs' own table. */
const writes = async (): Promise<readonly string[]> =>
  (await stage.cloud.commits()).split('\n').filter((line) => !line.includes('"durable_jobs"'));

const notAt = (places: readonly string[], all: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(all).filter(([id]) => !places.includes(id)));

const CANNOT_COME_HOME = ['a damaged letter', 'a letter that nobody vouches for'] as const;
/** What stays to be told of a month in which so much went through letters. */
const OF_THE_MONTH = { 'backup-rate-above-target': 1, 'save-success-below-target': 1 };

test('150 people of whom 50 have a wrong counter, and 250 letters, are seen as that: exit 10', async () => {
  const { users, emergency_backup: letters } = world.documents;
  expect([users.length, world.wrong.length, letters.length]).toEqual([150, 50, 250]);
  const away = ['a damaged letter', 'a letter under the previous key'] as const;
  expect(await check()).toEqual({
    code: 10,
    sections: { works: 'problems', backup: 'problems', users: 'problems', tiers: 'ok', indicators: 'problems' },
    problems: {
      ...OF_THE_MONTH,
      'consistency-below-target': 1,
      'generate-count-wrong': 50,
      'hold-stale': idsOf('open for a day, and nothing was seen').length,
      'unknown-overdue': idsOf('unknown for a day, its hold gone').length,
      'letters-malformed': lettersOf('a damaged letter').length,
      'letters-unknown-key': lettersOf('a letter under the previous key').length,
      'letters-waiting': letters.length - lettersOf(...away).length,
      'letters-overdue': overdueLetters().length,
    },
  });
});

describe('one run of the recovery by its timer', () => {
  let answer: Answer;

  beforeAll(async () => {
    answer = await stage.cloud.maintain('recoverFromBackup');
  });

  test('comes to its end, and names what it could not finish', () => {
    expect(answer).toMatchObject({ code: 200, data: { jobs: [{ finished: true }, { finished: true }] } });
    const unread = lettersOf('a letter under the previous key', ...CANNOT_COME_HOME);
    expect(failuresIn(answer)).toEqual({ letters: unread.length });
    expect(answer.data).toMatchObject({
      phases: {
        letters: { failed: unread.slice(0, 20).map((id) => ({ id, code: 'LETTER_INVALID' })) },
      },
    });
  });

  test('brings home all that can be, gives back what failed, and leaves all else as it was', async () => {
    expect(await look(stage.cloud)).toEqual(world.truth('after'));
  });

  test('stores each record with all its fields', async () => {
    const works = new Map((await stage.cloud.dump('works')).map((work) => [work._id, work]));
    const settled = world.plants.filter(({ after, kind }) => after.status === 'completed' && kind !== TOO_LARGE);
    expect(settled.length).toBeGreaterThan(400);
    for (const { record } of settled) expect(works.get(record._id)).toMatchObject(record);
  });

  test('stores of a record that no document can hold all but its bulk, and the name of the file that has it', async () => {
    const [{ record, file } = { record: { _id: '' }, file: undefined }] = world.ofKind(TOO_LARGE);
    const stored = await stage.cloud.get('works', record._id);
    expect(file?.text.length).toBeGreaterThan(20_000_000);
    expect(stored).toMatchObject({ ...record, restIn: file?.name });
    expect(stored).not.toHaveProperty('note');
  });

  test('touches no record that was final', async () => {
    const works = new Map((await stage.cloud.dump('works')).map((work) => [work._id, work]));
    const finals = world.documents.works.filter(({ status }) => status !== 'unknown');
    for (const work of finals) expect(works.get(work._id)).toEqual(work);
  });

  test('leaves deleted what people have deleted', async () => {
    const kinds = [
      'deleted by its user while it was a letter',
      'deleted by its user after it was written, with a letter',
    ] as const;
    const deleted = idsOf(...kinds);
    const owners = new Set(kinds.flatMap((kind) => world.ofKind(kind).map(({ owner }) => owner)));
    for (const owner of owners) {
      const { data } = await stage.cloud.call(openidOf(owner), { action: 'getHistory', data: { limit: 50 } });
      const shown = (data?.['list'] as readonly { workId: string }[]).map(({ workId }) => workId);
      const own = world.plants.filter((plant) => plant.owner === owner && plant.after.status !== undefined);
      const expected = own.map(({ record }) => record._id).filter((id) => !deleted.includes(id));
      expect(shown).toEqual(expect.arrayContaining(expected));
      expect(shown.filter((id) => deleted.includes(id))).toEqual([]);
    }
  });
});

describe('four more runs, and one of the repair', () => {
  test('set exactly the damaged letters aside, and make every counter right', async () => {
    for (let run = 2; run <= 5; run += 1) await recoverNow();
    const repaired = await stage.cloud.maintain('fixUserConsistency');
    expect(repaired).toMatchObject({ code: 200, data: { failed: [] } });
    expect(await look(stage.cloud)).toEqual(world.truth('settled'));
  });

  test('leave nothing to do but what somebody must look at', async () => {
    const before = await writes();
    const again = await recoverNow();
    await stage.cloud.maintain('fixUserConsistency');
    expect((await writes()).slice(before.length)).toEqual([]);
    const unread = lettersOf('a letter under the previous key', 'a letter that nobody vouches for');
    expect(failuresIn(again)).toEqual({ letters: unread.length });
    expect((await check()).problems).toEqual({
      ...OF_THE_MONTH,
      'letters-quarantined': lettersOf('a damaged letter').length,
      'letters-unknown-key': lettersOf('a letter under the previous key').length,
      'letters-waiting': lettersOf('a letter that nobody vouches for', 'still running, with its letter').length,
      'letters-overdue': lettersOf('a letter under the previous key', 'a letter that nobody vouches for').length,
    });
  });
});

describe('an operator who gives the previous key, and removes what nobody can use', () => {
  test('has the letters under that key brought home; exit 10 for those that stay', async () => {
    const { code, result } = await stage.json(['recover'], {
      WX_DURABLE_KEY: KEY,
      WX_DURABLE_PREVIOUS_KEYS: PREVIOUS_KEY,
    });
    expect(code).toBe(10);
    expect(result).toMatchObject({
      phases: { letters: { done: lettersOf('a letter under the previous key').length } },
    });
  });

  test('finds everything right a day later, when what was running or unclear is over', async () => {
    const { cloud } = stage;
    const unusable = lettersOf(...CANNOT_COME_HOME);
    const letters = await cloud.dump('emergency_backup');
    await cloud.load(
      'emergency_backup',
      letters.filter(({ _id }) => !unusable.includes(_id)),
    );
    const url = `${cloud.url}/_provider/v1`;
    const time = createInProcess(cloud, { env: { ...ENV, WX_DURABLE_PROVIDER_URL: url } });
    time.clock.forward(DAY_MS + LEASE_MS);
    expect(failuresIn(await time.recover())).toEqual({});
    const truth = world.truth('later');
    expect(await look(cloud)).toEqual({ ...truth, letters: notAt(unusable, truth.letters) });
  });

  test('has every section of the records good: exit 0; what is left is what the month was like', async () => {
    expect(await check('works', 'backup', 'users', 'tiers')).toEqual({
      code: 0,
      sections: { works: 'ok', backup: 'ok', users: 'ok', tiers: 'ok' },
      problems: {},
    });
    expect(await check()).toMatchObject({ code: 10, sections: { indicators: 'problems' }, problems: OF_THE_MONTH });
  });

  test('still has the file of the record that was too large for a document', async () => {
    const { name } = world.ofKind(TOO_LARGE)[0]?.file ?? { name: 'none' };
    expect((await stage.cloud.files()).map(({ path }) => path)).toContain(name);
  });
});
