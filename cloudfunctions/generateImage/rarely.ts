/** Loaded when it is first needed. */
export { rarely } from '../../src/service/index.ts';
export { pagesOver } from '../../src/store/cloudbase/index.ts';
