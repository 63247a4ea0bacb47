/** Filters: MongoDB's matching of documents and of elements in lists. */
export { compileCondition, compileElement, compileField, isOperators } from './condition.ts';
