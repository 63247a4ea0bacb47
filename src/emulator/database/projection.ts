import { Query } from 'mingo/query';
import { cloneDeep } from 'mingo/util';
import type { Fields, Stored } from './document.ts';
import { ENGINE_OPTIONS, refusing } from './operators.ts';

/** The chosen fields of `documents`; the documents themselves when nothing is chosen. */
export function project(documents: readonly Stored[], projection: Fields | undefined): readonly Fields[] {
  if (projection === undefined || Object.keys(projection).length === 0) return documents;
  return refusing(() => {
    // The engine deletes what a projection leaves out, in the documents it is given.
    const copies = documents.map((document) => cloneDeep<Stored>(document));
    return new Query({}, ENGINE_OPTIONS).find<Fields>(copies, projection).all();
  });
}
