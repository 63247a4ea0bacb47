/** A direction from the centre of the earth, of length 1. */
export type Vector = readonly [x: number, y: number, z: number];

/** An edge: the shorter great-circle arc between two points. */
export type Edge = readonly [from: Vector, to: Vector];

/** MongoDB's radius of the earth (`kRadiusOfEarthInMeters`). */
export const EARTH_RADIUS_M = 6378.1 * 1000;

/** About six micrometres: what is nearer to an edge lies on it. */
const TOUCHING = 1e-12;

/** The point at a longitude and latitude in degrees. Source: `S2LatLng::ToPoint` in the S2 library. */
export function pointAt(longitude: number, latitude: number): Vector {
  const phi = latitude * (Math.PI / 180);
  const theta = longitude * (Math.PI / 180);
  const across = cosine(phi);
  return [cosine(theta) * across, sine(theta) * across, sine(phi)];
}

/**
 * The angle between two points in radians. The cross product keeps its precision for small angles, where a cosine
 * loses it. Source: `Vector3::Angle` in S2, which MongoDB multiplies by the radius for its distances.
 */
export function angleBetween(a: Vector, b: Vector): number {
  return Math.atan2(norm(cross(a, b)), dot(a, b));
}

/** The angle between a point and the nearest point of an edge. Source: `S2EdgeUtil::GetDistance`. */
export function angleToEdge(point: Vector, [from, to]: Edge): number {
  const normal = cross(from, to);
  const isBeside = dot(cross(normal, from), point) > 0 && dot(cross(to, normal), point) > 0;
  if (isBeside) return Math.asin(Math.min(1, Math.abs(dot(point, normal)) / norm(normal)));
  return Math.min(angleBetween(point, from), angleBetween(point, to));
}

export function isOnEdge(point: Vector, edge: Edge): boolean {
  return angleToEdge(point, edge) <= TOUCHING;
}

/** Whether two edges cross between their ends: the ends of each lie on different sides of the other. */
export function doCross([a, b]: Edge, [c, d]: Edge): boolean {
  const ab = cross(a, b);
  const cd = cross(c, d);
  const [ofC, ofD, ofA, ofB] = [dot(ab, c), dot(ab, d), dot(cd, a), dot(cd, b)];
  // Of the two points where the great circles meet, both edges must mean the same one.
  return ofC * ofD < 0 && ofA * ofB < 0 && ofC * ofB > 0;
}

/**
 * Whether a point lies inside a ring, however the ring turns: seen from the point the ring goes once around. A ring
 * means the smaller of the two areas that it divides the earth into, as MongoDB reads it.
 */
export function isInsideRing(point: Vector, ring: readonly Edge[]): boolean {
  const middle = ring.reduce<Vector>(
    (sum, [from]) => [sum[0] + from[0], sum[1] + from[1], sum[2] + from[2]],
    [0, 0, 0],
  );
  // From the other side of the earth the ring goes around too.
  if (dot(middle, point) <= 0) return false;
  const turned = ring.reduce((sum, [from, to]) => sum + turn(point, from, to), 0);
  return Math.abs(turned) > Math.PI;
}

/** The angle at `point` from one direction to another, signed. */
function turn(point: Vector, from: Vector, to: Vector): number {
  const [a, b] = [cross(point, from), cross(point, to)];
  return Math.atan2(dot(point, cross(a, b)), dot(a, b));
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function norm(a: Vector): number {
  return Math.sqrt(dot(a, a));
}

// JavaScript's own functions may differ from the C library's in the last digit, and in a distance of some kilometres
// that is the tenth digit. So these are exact: Taylor's series in whole numbers of 2^-100.
const SCALE = 2 ** 100;
const SHIFT = 100n;

function sine(angle: number): number {
  return series(angle, BigInt(Math.round(angle * SCALE)), 1n);
}

function cosine(angle: number): number {
  return series(angle, 1n << SHIFT, 0n);
}

/** The sum of `first`, and each next term `-x²/((n+1)(n+2))` of the one before. */
function series(angle: number, first: bigint, power: bigint): number {
  const x = BigInt(Math.round(angle * SCALE));
  const square = (x * x) >> SHIFT;
  let [sum, term, n] = [first, first, power];
  while (term > 1n || term < -1n) {
    term = -((term * square) >> SHIFT) / ((n + 1n) * (n + 2n));
    n += 2n;
    sum += term;
  }
  return Number(sum) / SCALE;
}
