import { createFixUserConsistency } from '../../src/service/index.ts';
import { runtime } from '../runtime.ts';

/** Makes the users' counters agree with their works; called by its timer and by administrators. */
export const main = createFixUserConsistency(runtime);
