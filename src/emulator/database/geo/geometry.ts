import { requestFailed } from '../../cloud-error.ts';
import { isFields } from '../document.ts';
import {
  angleBetween,
  angleToEdge,
  doCross,
  isInsideRing,
  isOnEdge,
  pointAt,
  type Edge,
  type Vector,
} from './sphere.ts';

/** The outer ring, then the holes. */
type Polygon = readonly (readonly Edge[])[];

/** Any GeoJSON geometry: its points and corners, its edges with those of its rings, and its areas. */
export interface Geometry {
  readonly points: readonly Vector[];
  readonly edges: readonly Edge[];
  readonly polygons: readonly Polygon[];
}

/** A stored value as a geometry: GeoJSON, or a pair of longitude and latitude; undefined when it is none. */
export function asGeometry(value: unknown): Geometry | undefined {
  try {
    return readGeometry(value);
  } catch {
    return undefined;
  }
}

/** Reads a geometry of a request; refuses what is none, or lies outside of the earth's degrees. */
export function readGeometry(value: unknown): Geometry {
  if (Array.isArray(value)) return pointGeometry(value);
  const { type, coordinates, geometries } = isFields(value) ? value : {};
  if (type === 'GeometryCollection') return joined(listOf(geometries).map(readGeometry));
  const read = typeof type === 'string' && Object.hasOwn(SHAPES, type) ? SHAPES[type] : undefined;
  if (read) return read(coordinates);
  throw badGeometry('unknown GeoJSON type');
}

const SHAPES: Readonly<Record<string, (coordinates: unknown) => Geometry>> = {
  Point: pointGeometry,
  MultiPoint: (list) => joined(listOf(list).map(pointGeometry)),
  LineString: lineGeometry,
  MultiLineString: (list) => joined(listOf(list).map(lineGeometry)),
  Polygon: polygonGeometry,
  MultiPolygon: (list) => joined(listOf(list).map(polygonGeometry)),
};

function pointGeometry(coordinates: unknown): Geometry {
  return { points: [readPoint(coordinates)], edges: [], polygons: [] };
}

function lineGeometry(coordinates: unknown): Geometry {
  const points = listOf(coordinates).map(readPoint);
  if (points.length < 2) throw badGeometry('a line needs two points');
  return { points, edges: edgesOf(points), polygons: [] };
}

function polygonGeometry(coordinates: unknown): Geometry {
  const rings = listOf(coordinates).map(readRing);
  if (rings.length === 0) throw badGeometry('Polygon has no loops.');
  const edges = rings.flat();
  return { points: edges.map(([from]) => from), edges, polygons: [rings] };
}

function readRing(coordinates: unknown): readonly Edge[] {
  const list = listOf(coordinates);
  if (list.length < 4 || JSON.stringify(list[0]) !== JSON.stringify(list.at(-1))) {
    throw badGeometry('Loop is not closed, or has fewer than 3 different vertices');
  }
  return edgesOf(list.map(readPoint));
}

/** A polygon from corners that need not be closed, as `$polygon` and `$box` give them. */
export function polygonOf(corners: readonly unknown[]): Geometry {
  return polygonGeometry([[...corners, corners[0]]]);
}

function edgesOf(points: readonly Vector[]): Edge[] {
  return points.slice(1).map((to, place) => [points[place] ?? to, to]);
}

function readPoint(coordinates: unknown): Vector {
  const [longitude, latitude] = Array.isArray(coordinates) ? (coordinates as unknown[]) : [];
  if (typeof longitude !== 'number' || typeof latitude !== 'number')
    throw badGeometry('Point must only contain numbers');
  if (!(Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90)) {
    throw badGeometry(`longitude/latitude is out of bounds, lng: ${longitude} lat: ${latitude}`);
  }
  return pointAt(longitude, latitude);
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw badGeometry('GeoJSON coordinates must be an array');
}

function joined(parts: readonly Geometry[]): Geometry {
  return {
    points: parts.flatMap(({ points }) => points),
    edges: parts.flatMap(({ edges }) => edges),
    polygons: parts.flatMap(({ polygons }) => polygons),
  };
}

/** The refusal of a geometry in a request. */
export function badGeometry(message: string): Error {
  return requestFailed(`[FailedOperation] Can't extract geo keys: ${message}`);
}

/** The angle from a point to the nearest point of a geometry, in radians. */
export function angleTo(point: Vector, geometry: Geometry): number {
  if (isCovered(point, geometry)) return 0;
  const angles = [
    ...geometry.points.map((other) => angleBetween(point, other)),
    ...geometry.edges.map((edge) => angleToEdge(point, edge)),
  ];
  return Math.min(...angles);
}

/** Whether two geometries have a point in common. */
export function doIntersect(a: Geometry, b: Geometry): boolean {
  return (
    a.points.some((point) => isCovered(point, b)) ||
    b.points.some((point) => isCovered(point, a)) ||
    a.edges.some((edge) => b.edges.some((other) => doCross(edge, other)))
  );
}

/** Whether all of a geometry lies within the areas of another, the border included. */
export function isWithin(inner: Geometry, outer: Geometry): boolean {
  return (
    inner.points.every((point) => outer.polygons.some((polygon) => isInPolygon(point, polygon))) &&
    !inner.edges.some((edge) => outer.edges.some((other) => doCross(edge, other))) &&
    !holesOf(outer).some((hole) => inner.polygons.some((polygon) => hole.every(([from]) => isInPolygon(from, polygon))))
  );
}

function holesOf({ polygons }: Geometry): readonly (readonly Edge[])[] {
  return polygons.flatMap(([, ...holes]) => holes);
}

function isCovered(point: Vector, { points, edges, polygons }: Geometry): boolean {
  return (
    points.some((other) => point.every((part, place) => part === other[place])) ||
    edges.some((edge) => isOnEdge(point, edge)) ||
    polygons.some((polygon) => isInPolygon(point, polygon))
  );
}

function isInPolygon(point: Vector, [outer = [], ...holes]: Polygon): boolean {
  if ([outer, ...holes].some((ring) => ring.some((edge) => isOnEdge(point, edge)))) return true;
  return isInsideRing(point, outer) && !holes.some((hole) => isInsideRing(point, hole));
}
