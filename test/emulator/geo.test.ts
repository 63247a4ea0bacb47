import { beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.ts';
import { admin, cloud, failureOf, openCollection, openEmulator, type Json } from './harness.ts';

// Places of three cities; distances below are S2's on a sphere of 6378.1 km, as MongoDB answers them.
const TOWER = [113.30593, 23.1361155];
const MOUNTAIN = [113.306789, 23.1564721];
const PALACE = [116.3949659, 39.9163447];
const STRETCH = [TOWER, PALACE];

function point([longitude = 0, latitude = 0]: readonly number[]) {
  return new (cloud.database().Geo.Point)(longitude, latitude);
}

function polygon(...rings: (readonly number[])[][]) {
  const { Polygon, LineString } = cloud.database().Geo;
  return new Polygon(rings.map((ring) => new LineString(ring.map(point))));
}

let emulator: Emulator;
let places: Awaited<ReturnType<typeof openCollection>>;

async function idsWhere(at: unknown): Promise<unknown[]> {
  const { data } = await places.where({ at }).get();
  return data.map(({ _id }: Json) => _id);
}

beforeEach(async () => {
  emulator = await openEmulator();
  places = await openCollection('places', [
    { _id: 'palace', at: point(PALACE) },
    { _id: 'mountain', at: point(MOUNTAIN) },
    { _id: 'tower', at: point(TOWER) },
    { _id: 'nowhere', at: null },
    { _id: 'many', at: [point([0, 0]), point([0.5, 0])] },
  ]);
});

describe('Places near a point', () => {
  test('come nearest first, and within the distances asked for', async () => {
    const { command } = cloud.database();
    const from = point([113.3089506, 23.0968251]);
    expect(await idsWhere(command.geoNear({ geometry: from }))).toEqual(['tower', 'mountain', 'palace', 'many']);
    expect(await idsWhere(command.geoNear({ geometry: from, maxDistance: 5000 }))).toEqual(['tower']);
    expect(await idsWhere(command.geoNear({ geometry: from, minDistance: 5000, maxDistance: 7000 }))).toEqual([
      'mountain',
    ]);
  });

  test('are cut by limit after they are put in order, and an order of the query goes first', async () => {
    const { command } = cloud.database();
    const near = { at: command.geoNear({ geometry: point(TOWER) }) };
    const ids = ({ data }: { data: Json[] }) => data.map(({ _id }) => _id);
    expect(ids(await places.where(near).limit(1).get())).toEqual(['tower']);
    expect(ids(await places.where(near).skip(1).limit(1).get())).toEqual(['mountain']);
    expect(ids(await places.where(near).orderBy('_id', 'asc').limit(2).get())).toEqual(['many', 'mountain']);
  });

  test('carry their distance out of $geoNear, to the last digit of MongoDB’s', async () => {
    const near = async (more: Json = {}) => {
      const stage = {
        distanceField: 'far',
        spherical: true,
        near: point([113.3089506, 23.0968251]),
        key: 'at',
        ...more,
      };
      const { list } = await places.aggregate().geoNear(stage).project({ far: 1 }).end();
      return list as Json[];
    };
    expect((await near({ maxDistance: 7000 })).map(({ _id, far }) => [_id, far])).toEqual([
      ['tower', 4384.68131486958],
      ['mountain', 6643.521654040738],
    ]);
    expect((await near({ distanceMultiplier: 0.001, query: { _id: 'tower' } }))[0]?.['far']).toBeCloseTo(4.38468, 5);
    expect((await near({ key: undefined })).map(({ _id }) => _id)).toEqual(['tower', 'mountain', 'palace', 'many']);
  });

  test('$geoNear is refused anywhere but first, and near in a pipeline’s match', async () => {
    const stage = { distanceField: 'far', near: point(TOWER), key: 'at' };
    const late = await failureOf(places.aggregate().match({}).geoNear(stage).end());
    expect(late.message).toMatch(/only valid as the first stage/);
    const matching = { at: cloud.database().command.geoNear({ geometry: point(TOWER) }) };
    expect((await failureOf(places.aggregate().match(matching).end())).message).toMatch(/not allowed in this context/);
  });
});

describe('Places within an area', () => {
  const square = [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
    [-1, -1],
  ];
  const hole = [
    [-0.4, -0.4],
    [0.4, -0.4],
    [0.4, 0.4],
    [-0.4, 0.4],
    [-0.4, -0.4],
  ];

  test('are found whichever way the border turns, and not within its holes', async () => {
    const { command } = cloud.database();
    expect(await idsWhere(command.geoWithin({ geometry: polygon(square) }))).toEqual(['many']);
    expect(await idsWhere(command.geoWithin({ geometry: polygon([...square].reverse()) }))).toEqual(['many']);
    await places.doc('many').set({ data: { at: point([0, 0]) } });
    expect(await idsWhere(command.geoWithin({ geometry: polygon(square, hole) }))).toEqual([]);
    await places.doc('many').set({ data: { at: point([0.7, 0]) } });
    expect(await idsWhere(command.geoWithin({ geometry: polygon(square, hole) }))).toEqual(['many']);
  });

  test('are not found on the other side of the earth', async () => {
    const { command } = cloud.database();
    await places.doc('many').set({ data: { at: point([180, 0]) } });
    expect(await idsWhere(command.geoWithin({ geometry: polygon(square) }))).toEqual([]);
  });

  test('a line or an area lies within only as a whole, and intersects when any of it does', async () => {
    const { command, Geo } = cloud.database();
    const line = (...points: number[][]) => new Geo.LineString(points.map(point));
    await places.add({
      data: [
        { _id: 'inside', at: line([-0.9, 0], [0.9, 0]) },
        { _id: 'leaving', at: line([0, 0.9], [0, 2]) },
        { _id: 'through', at: line([-2, 0.5], [2, 0.5]) },
        {
          _id: 'around',
          at: polygon([
            [-5, -5],
            [5, -5],
            [5, 5],
            [-5, 5],
            [-5, -5],
          ]),
        },
        { _id: 'beside', at: line([3, 3], [4, 4]) },
      ],
    });
    const area = polygon(square);
    expect(await idsWhere(command.geoWithin({ geometry: area }))).toEqual(['many', 'inside']);
    const touched = ['many', 'inside', 'leaving', 'through', 'around'];
    expect(await idsWhere(command.geoIntersects({ geometry: area }))).toEqual(touched);
    expect(await idsWhere(command.geoIntersects({ geometry: point([3.5, 3.5]) }))).toEqual(['around']);
  });

  test('a line between two places in an area lies not within when it leaves the area on its way', async () => {
    const { command, Geo } = cloud.database();
    const bridge = new Geo.LineString([point([-0.8, 0.8]), point([0.8, 0.8])]);
    await places.doc('many').set({ data: { at: bridge } });
    expect(await idsWhere(command.geoWithin({ geometry: polygon(square) }))).toEqual(['many']);
    // The same square with a notch from above.
    const notched = [...square.slice(0, 3), [0.1, 1], [0, 0], [-0.1, 1], ...square.slice(3)];
    expect(await idsWhere(command.geoWithin({ geometry: polygon(notched) }))).toEqual([]);
  });

  test('a circle is given by its centre and its radius in radians', async () => {
    const { command } = cloud.database();
    const circle = (radiusKm: number) => command.geoWithin({ centerSphere: [TOWER, radiusKm / 6378.1] });
    expect(await idsWhere(circle(1))).toEqual(['tower']);
    expect(await idsWhere(circle(2.3))).toEqual(['mountain', 'tower']);
  });

  test.each<[string, Json]>([
    ['a longitude beyond 180', { $geoWithin: { $centerSphere: [[-288, 30], 0.1] } }],
    ['a radius that is no number', { $geoWithin: { $centerSphere: [[0, 30], '10'] } }],
    ['a ring that is open', { $geoWithin: { $geometry: { type: 'Polygon', coordinates: [STRETCH] } } }],
    ['an area that is a line', { $geoWithin: { $geometry: { type: 'LineString', coordinates: STRETCH } } }],
    ['a shape nobody knows', { $geoIntersects: { $geometry: { type: 'Circle', coordinates: [0, 0] } } }],
    ['a negative distance', { $nearSphere: { $geometry: { type: 'Point', coordinates: [0, 0] }, $maxDistance: -1 } }],
  ])('%s is refused', async (_name, at) => {
    const answer = await admin(emulator, {
      action: 'database.getDocument',
      collectionName: 'places',
      queryType: 'WHERE',
      query: JSON.stringify({ at }),
    });
    expect(answer).toMatchObject({ code: 'DATABASE_REQUEST_FAILED' });
  });
});
