import { createDashScope } from './dashscope.ts';
import type { OtherForms } from './registry.ts';

/** Forms that few services have, apart from the usual one: `generateImage` loads them only where one is configured. */
export const otherForms: OtherForms = { dashscope: createDashScope };
