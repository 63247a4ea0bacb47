import { createGenerateImageApart } from '../../src/service/index.ts';
import { runtime } from '../runtime.ts';

/** Makes pictures, each with exactly one durable record; called by the mini program. */
export const main = createGenerateImageApart(runtime, async () => (await import('./rarely.ts')).rarely);
