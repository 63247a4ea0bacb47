/** Updates: MongoDB's operators, planned on a copy. */
export { compileUpdate, planUpdate, type Circumstances, type Update } from './update.ts';
