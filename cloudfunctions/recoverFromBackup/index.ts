import { createRecoverFromBackup } from '../../src/service/index.ts';
import { createCloudbaseStore } from '../../src/store/cloudbase/index.ts';
import { runtimeWith } from '../runtime.ts';

/** Finishes what calls left open and brings dead letters home; called by its timer and by administrators. */
export const main = createRecoverFromBackup(runtimeWith(createCloudbaseStore));
