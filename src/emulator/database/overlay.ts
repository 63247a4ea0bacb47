import { ofIds, type Collection } from './collection.ts';
import type { Id, Stored } from './document.ts';
import { keyOf } from './index-tree.ts';
import { isSame } from './values.ts';

/** What one transaction sees otherwise than everybody: by `_id`, undefined where there is no document for it. */
export type Differences = ReadonlyMap<Id, Stored | undefined>;

/** A collection as a transaction sees it: `base`, but with these differences; later ones win. */
export function overlay(base: Collection, ...layers: readonly Differences[]): Collection {
  const top = [...layers].reverse();
  const layerOf = (id: Id): Differences | undefined => top.find((layer) => layer.has(id));
  const get = (id: Id): Stored | undefined => {
    const layer = layerOf(id);
    return layer ? layer.get(id) : base.get(id);
  };
  function* different(): Generator<Stored> {
    for (const id of new Set(layers.flatMap((layer) => [...layer.keys()]))) {
      const document = get(id);
      if (document !== undefined) yield document;
    }
  }
  function* combined(stored: Iterable<Stored>, matches: (document: Stored) => boolean): Generator<Stored> {
    for (const document of stored) if (!layerOf(document._id)) yield document;
    for (const document of different()) if (matches(document)) yield document;
  }
  return {
    indexes: base.indexes,
    get,
    get size() {
      return [...combined(base.all(), () => true)].length;
    },
    all: () => combined(base.all(), () => true),
    matching(filter) {
      if (filter.ids) return { documents: ofIds(get, filter.ids, filter), isSorted: false };
      const { documents } = base.matching(filter);
      return { documents: combined(documents, (document) => filter.matches(document)), isSorted: false };
    },
    withKeys(spec, keys) {
      const has = (document: Stored): boolean => {
        const own = keyOf(spec, document);
        return keys.every((key, place) => isSame(key, own[place]));
      };
      return combined(base.withKeys(spec, keys), has);
    },
  };
}
