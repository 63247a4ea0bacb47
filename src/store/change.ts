import { assertStorable } from './document.ts';
import { assertPath } from './filter.ts';
import { invalid } from './invalid.ts';
import type { Change } from './store.ts';

/**
 * Throws `INPUT_INVALID` before anything is sent unless the change has a path, every path is plain names, none
 * is `_id`, no two overlap (the SDK would silently keep the last), and the values are literal.
 */
export function assertChange({ set = {}, inc = {}, push = {}, unset = [] }: Change): void {
  const paths = [...Object.keys(set), ...Object.keys(inc), ...Object.keys(push), ...unset];
  if (paths.length === 0) throw invalid('an update changes nothing; give it a path', { path: undefined });
  paths.forEach(assertPath);
  const taken = new Set<string>();
  // Sorted, a path comes after every path that leads to it.
  for (const path of paths.sort()) {
    if (path === '_id' || isTaken(taken, path)) {
      throw invalid('an update may not change `_id`, nor two paths of which one leads to the other', { path });
    }
    taken.add(path);
  }
  const strange = Object.entries(inc).find(([, by]) => !Number.isFinite(by));
  if (strange) throw invalid('an increment is no number', { path: strange[0] });
  assertStorable([Object.values(set), Object.values(push)]);
}

/** Whether the path itself or one that leads to it is among them. */
function isTaken(taken: ReadonlySet<string>, path: string): boolean {
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    if (taken.has(path.slice(0, dot))) return true;
  }
  return taken.has(path);
}
