import { isFields, type Fields } from '../document.ts';
import { someAt, pathOf, type Test } from '../paths.ts';
import { angleTo, asGeometry, badGeometry, doIntersect, isWithin, polygonOf, readGeometry } from './geometry.ts';
import { EARTH_RADIUS_M, type Vector } from './sphere.ts';

/** From where, and how far in metres, `$near` and `$geoNear` look. */
export interface Near {
  readonly from: Vector;
  readonly minDistanceM: number;
  readonly maxDistanceM: number;
}

/** `$near` and `$nearSphere`: whether a value lies in the distance. The order of the result is the query's business. */
export function nearTest(operand: unknown): Test {
  const near = readNear(operand);
  return (value) => isReached(distanceM(near, value), near);
}

/** Reads `{ $geometry, $minDistance, $maxDistance }`; distances in metres. */
export function readNear(operand: unknown): Near {
  const { $geometry, $minDistance, $maxDistance } = isFields(operand) ? operand : {};
  if ($geometry === undefined) throw badGeometry('the local cloud needs a $geometry, with distances in metres');
  return nearOf($geometry, $minDistance, $maxDistance);
}

/** Where to look from; refuses what is no point, and distances that are none. */
export function nearOf(geometry: unknown, min: unknown = 0, max: unknown = Infinity): Near {
  const { points, edges } = readGeometry(geometry);
  const [from] = points;
  if (from === undefined || points.length > 1 || edges.length > 0) throw badGeometry('near needs a point');
  if (typeof min !== 'number' || typeof max !== 'number' || !(min >= 0 && max >= 0)) {
    throw badGeometry('a distance must be a non-negative number');
  }
  return { from, minDistanceM: min, maxDistanceM: max };
}

export function isReached(distance: number | undefined, { minDistanceM, maxDistanceM }: Near): boolean {
  return distance !== undefined && distance >= minDistanceM && distance <= maxDistanceM;
}

/** How far a stored value lies from the point, in metres; undefined when it is no geometry. */
export function distanceM({ from }: Near, value: unknown): number | undefined {
  const geometry = asGeometry(value);
  return geometry && angleTo(from, geometry) * EARTH_RADIUS_M;
}

/** The field of a condition that `$near` or `$nearSphere` looks at, also inside `$and`. */
export function nearIn(condition: Fields): { path: string; near: Near } | undefined {
  for (const [name, operand] of Object.entries(condition)) {
    if (name === '$and' && Array.isArray(operand)) {
      const inner = operand.filter(isFields).map(nearIn).find(Boolean);
      if (inner) return inner;
    }
    const near = isFields(operand) ? (operand['$nearSphere'] ?? operand['$near']) : undefined;
    if (!name.startsWith('$') && near !== undefined) return { path: name, near: readNear(near) };
  }
  return undefined;
}

/** The least distance of any geometry at a path of a document, in metres. */
export function nearestM(document: unknown, path: string, near: Near): number | undefined {
  let nearest: number | undefined;
  someAt(document, pathOf(path), (value) => {
    const distance = distanceM(near, value);
    if (distance !== undefined && distance < (nearest ?? Infinity)) nearest = distance;
    return false;
  });
  return nearest;
}

/** `$geoWithin` and `$geoIntersects`. */
export function geoTest(operator: '$geoWithin' | '$geoIntersects', operand: unknown): Test {
  const { $geometry, $centerSphere, $box, $polygon } = isFields(operand) ? operand : {};
  if (operator === '$geoWithin' && $centerSphere !== undefined) return circleTest($centerSphere);
  const area = areaOf({ $geometry, $box, $polygon });
  if (operator === '$geoWithin' && area.polygons.length === 0) {
    throw badGeometry('$geoWithin not supported with provided geometry');
  }
  const relation = operator === '$geoWithin' ? isWithin : doIntersect;
  return (value) => {
    const geometry = asGeometry(value);
    return geometry !== undefined && relation(geometry, area);
  };
}

function areaOf({ $geometry, $box, $polygon }: Fields) {
  if ($geometry !== undefined) return readGeometry($geometry);
  if (Array.isArray($polygon)) return polygonOf($polygon);
  const [[left, bottom] = [], [right, top] = []] = Array.isArray($box) ? ($box as unknown[][]) : [];
  if (top === undefined) throw badGeometry('unknown geo specifier');
  return polygonOf([
    [left, bottom],
    [right, bottom],
    [right, top],
    [left, top],
  ]);
}

/** `[[longitude, latitude], radius in radians]`. */
function circleTest(operand: unknown): Test {
  const [centre, radius] = Array.isArray(operand) ? (operand as unknown[]) : [];
  if (typeof radius !== 'number' || !(radius >= 0)) throw badGeometry('radius must be a non-negative number');
  const { from } = nearOf(centre);
  return (value) => {
    const geometry = asGeometry(value);
    return geometry !== undefined && geometry.points.every((point) => angleTo(from, pointOnly(point)) <= radius);
  };
}

function pointOnly(point: Vector) {
  return { points: [point], edges: [], polygons: [] };
}
