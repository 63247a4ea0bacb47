import { DurableError } from '../core/index.ts';
import { createWechatModeration, type Moderate } from '../generation/index.ts';
import type { GenerateConfig } from './config.ts';
import type { PictureRuntime } from './runtime.ts';

/** The check of texts that the environment asks for, if any; throws `CONFIG_INVALID` where it cannot be made. */
export function openModeration(
  { openapi, clock, log }: Pick<PictureRuntime, 'openapi' | 'clock' | 'log'>,
  { moderation }: GenerateConfig,
): Moderate | undefined {
  if (moderation === undefined) return undefined;
  if (openapi) return createWechatModeration({ openapi, clock, log });
  throw new DurableError('CONFIG_INVALID', 'WX_DURABLE_MODERATION is "wechat", but the runtime has no `openapi`');
}
