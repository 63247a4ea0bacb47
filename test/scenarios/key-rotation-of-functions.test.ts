import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createInProcess, LEASE_MS } from '../support/in-process.ts';
import { createLocalCloud, person, userIdOf, workIdOf, type LocalCloud } from '../support/local-cloud.ts';

/** What a deployment meets that changes its key while dead letters wait. */
let cloud: LocalCloud;

const OLD = { WX_DURABLE_KEY: 'ab'.repeat(32) };
const NEW = { WX_DURABLE_KEY: 'cd'.repeat(32) };
const WISH = { prompt: '桥', requestId: 'r1' };

beforeAll(async () => {
  cloud = await createLocalCloud({ env: {} });
});

afterAll(() => cloud.close());

beforeEach(() => cloud.faults.clear());

const under = (env: Readonly<Record<string, string>>) =>
  createInProcess(cloud, {
    env: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_PROVIDER_URL: `${cloud.url}/_provider/v1`, ...env },
  });

/** Somebody whose record went to this tier under the old key. */
async function keptIn(openid: string, collections: readonly string[]): Promise<unknown> {
  await cloud.add('users', person(openid));
  cloud.faults.set([{ action: 'insertDocument', collection: collections, inject: 'reset-before' }]);
  const { data } = await under(OLD).generate(openid, WISH);
  cloud.faults.clear();
  return data?.['savedIn'];
}

test.each([
  ['emergency_backup', 'oLetter', ['works']],
  ['storage', 'oFile', ['works', 'emergency_backup']],
])(
  'a record that was kept in %s comes home under the new key, while the old one is known',
  async (tier, openid, down) => {
    expect(await keptIn(openid, down)).toBe(tier);
    const time = under({ ...NEW, WX_DURABLE_PREVIOUS_KEYS: `${'ef'.repeat(32)}, ${OLD.WX_DURABLE_KEY}` });
    time.clock.forward(LEASE_MS);
    await time.recover();
    expect(await cloud.get('works', workIdOf(openid, 'r1'))).toMatchObject({ status: 'completed', isRecovered: true });
    expect(await cloud.get('users', userIdOf(openid))).toMatchObject({
      credits: 19,
      generateCount: 1,
      quota: { open: 0 },
    });
  },
);
