import { createGenerateImageApart } from '../../src/service/index.ts';
import { createCloudbaseCallStore } from '../../src/store/cloudbase/index.ts';
import { runtimeWith } from '../runtime.ts';

/** Makes pictures, each with exactly one durable record; called by the mini program. */
export const main = createGenerateImageApart(
  runtimeWith(createCloudbaseCallStore),
  async () => (await import('./rarely.ts')).rarely,
);
