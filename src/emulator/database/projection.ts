import { Query } from 'mingo/query';
import type { Projection } from 'mingo/types';
import type { Fields, Stored } from './document.ts';
import { ENGINE_OPTIONS, refusing } from './operators.ts';

/** The chosen fields of `documents`; the documents themselves when nothing is chosen. */
export function project(documents: readonly Stored[], projection: Fields | undefined): readonly Fields[] {
  if (projection === undefined || Object.keys(projection).length === 0) return documents;
  return refusing(() =>
    new Query({}, ENGINE_OPTIONS).find<Fields>([...documents], projection as Projection<Fields>).all(),
  );
}
