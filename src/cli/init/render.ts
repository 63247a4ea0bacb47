import { neededIndexes } from '../../records/index.ts';
import type { Language } from '../language.ts';
import type { Paint } from '../style.ts';
import { renderTable } from '../table.ts';
import type { CollectionState } from './plan.ts';

interface Page {
  readonly language: Language;
  /** A local cloud has the indexes now. */
  readonly isDeclared: boolean;
  readonly columns: number;
  readonly paint: Paint;
}

/** The collections and the indexes, for a person. */
export function renderInit(states: readonly CollectionState[], page: Page): readonly string[] {
  const { language, isDeclared, columns, paint } = page;
  const text = TEXTS[language];
  const collectionRows = states.map(({ name, state }) => [`${MARKS[state]} ${name}`, text[state]]);
  const indexRows = neededIndexes.map(({ collection, fields, why }) => {
    const paths = fields.map(({ path, direction }) => (direction === 'asc' ? path : `${path} ↓`));
    return [collection, `${paths.join(', ')}\n  ${why[language]}`];
  });
  return [
    paint('bold', text.collections),
    ...renderTable({ head: [], rows: collectionRows, columns }),
    '',
    paint('bold', isDeclared ? text.declared : text.indexes),
    ...renderTable({ head: [], rows: indexRows, columns }),
  ];
}

const MARKS = { exists: '✅', created: '➕', missing: '❌' } as const;

const TEXTS = {
  zh: {
    collections: '集合',
    exists: '已存在',
    created: '已创建',
    missing: '不存在，将创建',
    declared: '索引：本地云已声明；真实环境请在控制台「数据库 → 索引管理」中创建（↓ 为降序）',
    indexes: '索引：请在云开发控制台「数据库 → 索引管理」中创建（↓ 为降序，均为非唯一）',
  },
  en: {
    collections: 'Collections',
    exists: 'exists',
    created: 'created',
    missing: 'missing; would be created',
    declared: 'Indexes: declared on this local cloud (↓ descending)',
    indexes: 'Indexes: create them in the CloudBase console (↓ descending; none is unique)',
  },
} as const;
