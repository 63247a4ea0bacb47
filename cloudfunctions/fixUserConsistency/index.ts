import { createFixUserConsistency } from '../../src/service/index.ts';
import { createCloudbaseStore } from '../../src/store/cloudbase/index.ts';
import { runtimeWith } from '../runtime.ts';

/** Makes the users' counters agree with their works; called by its timer and by administrators. */
export const main = createFixUserConsistency(runtimeWith(createCloudbaseStore));
