import { createGenerateImageApart } from '../../src/service/index.ts';
import { createCloudbaseCallStore } from '../../src/store/cloudbase/index.ts';
import { runtimeWith } from '../runtime.ts';

/** What making a new picture does not need; asked for when it is first needed. */
const load = () => import('./rarely.ts');

/** Makes pictures, each with exactly one durable record; called by the mini program. */
export const main = createGenerateImageApart(
  runtimeWith((cloud, clock) => createCloudbaseCallStore(cloud, clock, async () => (await load()).pagesOver)),
  async () => (await load()).rarely,
);
