/**
 * What `generateImage` rarely needs: everything but the making of a new picture. The deployed function has it in a file
 * of its own, which is loaded when it is first needed.
 */
import { createGallery, otherForms, pictureTasks } from '../generation/index.ts';
import { answerEarlier } from '../once/index.ts';
import { parseHistory, parseWorkId } from '../records/index.ts';
import { succeed, type Envelope } from './envelope.ts';
import type { Action, Call } from './handler.ts';
import { openModeration } from './open-moderation.ts';
import type { CallTools, PictureRuntime } from './runtime.ts';

export const rarely = { answerEarlier, otherForms, pictureTasks, openModeration, createRareActions } as const;

export type Rarely = typeof rarely;
/** How to come by it; rejects where the file cannot be loaded. */
export type LoadRarely = () => Promise<Rarely>;

export type RareAction = 'getHistory' | 'getDailyUsage' | 'getServiceStatus' | 'deleteWork';

/** The actions that cost nothing. */
function createRareActions(runtime: PictureRuntime, tools: CallTools): Readonly<Record<RareAction, Action>> {
  const gallery = createGallery({ ...runtime, writer: tools.writer, registration: tools.config.registration });
  return {
    getHistory: async (call) => succeed('获取成功', await gallery.history(call, parseHistory(call.data))),
    getDailyUsage: async (call) => succeed('获取成功', await gallery.usage(call)),
    getServiceStatus: async (call) => status(tools, call),
    deleteWork: async (call) => {
      const { workId } = parseWorkId(call.data);
      await gallery.deleteWork(call, workId);
      return succeed('删除成功', { workId });
    },
  };
}

function status({ config, provider, moderate }: CallTools, { deadline }: Call): Envelope {
  // Every setting has been read by now: one that is wrong is answered before this.
  const missing = provider === undefined ? ['WX_DURABLE_PROVIDER'] : [];
  return succeed(missing.length > 0 ? '服务未就绪：尚未配置图片生成服务' : '服务正常', {
    provider: provider?.name ?? null,
    missing,
    registration: config.registration.open ? 'open' : 'closed',
    moderation: moderate ? 'on' : 'off',
    tiers: ['works', 'emergency_backup', 'storage', ...(config.key ? ['log'] : [])],
    remainingTimeMs: deadline.remainingMs(),
  });
}
