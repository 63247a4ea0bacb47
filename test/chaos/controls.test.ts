import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildChaos } from '../../scripts/chaos/build.mjs';
import type { Document } from '../../src/store/index.ts';
import { createCloudControl } from './cloud-control.ts';
import { gather } from './evidence.ts';
import type { History } from './history.ts';
import { builtIn, openLane, type Lane } from './lane.ts';
import { planHistory } from './plan.ts';
import type { Scene } from './course.ts';
import { playHistory } from './play.ts';
import { judgeHistory, type Judged } from './verdict.ts';

const FOLDER = resolve('dist/chaos-controls');

/** Two calm calls of one person; what is wrong with them afterwards was planted. */
const CALM: History = {
  seed: 0,
  people: [{ openid: 'oCalm', account: { credits: 20, isVip: false, usedToday: 0, wrongCount: 0 } }],
  rounds: [
    {
      faults: [],
      acts: ['r1', 'r2'].map((request) => ({
        ...{ kind: 'wish', person: 0, request, prompt: '海边的灯塔' },
        ...{ retryUnknown: false, repeats: 0, afterMs: 0 },
      })),
      forwardMs: 0,
    },
  ],
};

let lane: Lane;
let scene: Scene;

beforeAll(async () => {
  await buildChaos({ root: resolve('.'), outDir: FOLDER });
  lane = await openLane(builtIn(FOLDER));
  scene = { lane, cloud: createCloudControl(lane.url) };
});

afterAll(() => lane.close());

/** Plays the calm history, plants something behind everybody's back, and asks the checker. */
async function judgeAfter(plant: (scene: Scene, works: readonly Document[]) => Promise<void>): Promise<Judged> {
  const played = await playHistory(scene, CALM);
  await plant(scene, await scene.cloud.dump('works'));
  return judgeHistory(await gather(scene, played), played);
}

const invariants = ({ violations }: Judged): readonly string[] => violations.map(({ invariant }) => invariant);

describe('The checker of real histories', () => {
  test('finds nothing wrong in a calm one', async () => {
    expect(await judgeAfter(async () => undefined)).toMatchObject({
      ...{ violations: [], delivered: 2, lost: 0, duplicated: 0, paidTwice: 0, wrongCounters: 0 },
    });
  });

  test('notices a record that was removed behind its back', async () => {
    const judged = await judgeAfter(({ cloud }, works) => cloud.load('works', works.slice(1)));
    expect(judged.lost).toBe(1);
    expect(invariants(judged)).toContain('I1');
    expect(invariants(judged)).toContain('I3');
  });

  test('notices a copy of a record under another name', async () => {
    const judged = await judgeAfter(({ cloud }, works) =>
      cloud.load('works', [...works, { ...works[0], _id: 'w_copy' }]),
    );
    expect(judged.duplicated).toBe(1);
    expect(invariants(judged)).toContain('I2');
  });

  test('notices a counter that is one too high', async () => {
    const judged = await judgeAfter(async ({ cloud }) => {
      const users = await cloud.dump('users');
      await cloud.load(
        'users',
        users.map((user) => ({ ...user, generateCount: Number(user['generateCount']) + 1 })),
      );
    });
    expect(judged.wrongCounters).toBe(1);
  });

  test('notices an order that was sent a second time', async () => {
    const judged = await judgeAfter(async (_scene, [work]) => {
      await fetch(`${lane.url()}/_provider/v1/images/generations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-client-request-id': `${work?._id}_2` },
        body: JSON.stringify({ prompt: work?.['enhancedPrompt'] }),
      });
    });
    expect(judged.paidTwice).toBe(1);
  });

  test('notices a record that shows the picture of another one', async () => {
    const judged = await judgeAfter(({ cloud }, works) =>
      cloud.load(
        'works',
        works.map((work) => ({ ...work, imageUrl: 'cloud://emu-env.emu/elsewhere.png' })),
      ),
    );
    expect(invariants(judged)).toContain('I7');
  });

  test('notices a final record that was changed and changed back', async () => {
    const judged = await judgeAfter(async ({ cloud }, works) => {
      await cloud.load(
        'works',
        works.map((work) => ({ ...work, status: 'failed' })),
      );
      await cloud.load('works', works);
    });
    expect(judged).toMatchObject({ lost: 0, duplicated: 0 });
    expect(invariants(judged)).toContain('I5');
  });
});

test('A seed is always the same history', () => {
  for (let seed = 1; seed <= 200; seed += 1) expect(planHistory(seed)).toEqual(planHistory(seed));
  expect(planHistory(1)).not.toEqual(planHistory(2));
});
