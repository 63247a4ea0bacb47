import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Asset } from '../../src/records/index.ts';
import { createInProcess, openSdk } from '../support/in-process.ts';
import { createLocalCloud, workIdOf, type LocalCloud } from '../support/local-cloud.ts';

let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await createLocalCloud();
});

afterAll(() => cloud.close());

/** Longer than the wait before the second try. */
const FIRST_WAIT_MS = 360_000;

const assetOf = async (openid: string): Promise<Asset> =>
  (await cloud.get('works', workIdOf(openid, 'r1')))?.['asset'] as Asset;

/** What a mini program shows for a file id. */
async function open(fileId: string): Promise<Uint8Array> {
  const { fileContent } = (await openSdk(cloud).downloadFile({ fileID: fileId })) as { fileContent: Uint8Array };
  return fileContent;
}

const isPng = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(1, 4)).toString() === 'PNG';

describe('a picture', () => {
  test('still opens when the image service has forgotten it', async () => {
    const { data } = await cloud.generate('oLasting', { prompt: '灯塔', requestId: 'r1' });
    const { sourceUrl } = await assetOf('oLasting');
    cloud.faults.set([{ provider: 'picture', inject: 'status', status: 404 }]);
    // The control: the service's own address is dead.
    expect((await fetch(String(sourceUrl))).status).toBe(404);
    expect(isPng(await open(String(data?.['imageUrl'])))).toBe(true);
    cloud.faults.clear();
  });

  test('that could not be copied is copied by recovery, and then outlives the service too', async () => {
    cloud.faults.set([{ storage: 'upload', inject: 'reset-before' }]);
    const { code, data } = await cloud.generate('oCopiedLater', { prompt: '木屋', requestId: 'r1' });
    expect(code).toBe(200);
    expect(await assetOf('oCopiedLater')).toMatchObject({ state: 'pending', fileId: null });
    cloud.faults.clear();
    const time = createInProcess(cloud);
    time.clock.forward(FIRST_WAIT_MS);
    expect(await time.recover()).toMatchObject({ code: 200, data: { phases: { pictures: { done: 1, failed: [] } } } });
    const { state, fileId } = await assetOf('oCopiedLater');
    expect(state).toBe('copied');
    cloud.faults.set([{ provider: 'picture', inject: 'status', status: 404 }]);
    expect(isPng(await open(String(fileId)))).toBe(true);
    cloud.faults.clear();
    // What was acknowledged stays as it was; what is shown from now on is the copy.
    expect(await cloud.get('works', workIdOf('oCopiedLater', 'r1'))).toMatchObject({ imageUrl: data?.['imageUrl'] });
    const again = await cloud.generate('oCopiedLater', { prompt: '木屋', requestId: 'r1' });
    expect(again.data?.['imageUrl']).toBe(fileId);
  });
});
