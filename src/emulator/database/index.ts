/** The document database. */
export { createCollections, type Collections } from './collections.ts';
export { declareFromFile } from './declared.ts';
export { createDatabase, type Database } from './database.ts';
export { isFields, isId, type Fields, type Id, type Stored } from './document.ts';
export { decodeText, encodeText } from './ejson.ts';
export { namedIds } from './filter.ts';
export { writeIndexes } from './index-specs.ts';
export { createTransactions, DocumentLocked, type Transactions } from './transactions.ts';
