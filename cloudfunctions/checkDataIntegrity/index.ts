import { createCheckDataIntegrity } from '../../src/service/index.ts';
import { createCloudbaseStore } from '../../src/store/cloudbase/index.ts';
import { runtimeWith } from '../runtime.ts';

/** Looks whether everything that is stored can be right, and reports; called by its timer and by administrators. */
export const main = createCheckDataIntegrity(runtimeWith(createCloudbaseStore));
