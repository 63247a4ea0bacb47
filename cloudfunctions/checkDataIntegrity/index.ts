import { createCheckDataIntegrity } from '../../src/service/index.ts';
import { runtime } from '../runtime.ts';

/** Looks whether everything that is stored can be right, and reports; called by its timer and by administrators. */
export const main = createCheckDataIntegrity(runtime);
