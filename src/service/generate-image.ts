import { DurableError } from '../core/index.ts';
import { createGeneration, type Generated, type Generation } from '../generation/index.ts';
import { parseGenerate, parseHistory, parseWorkId } from '../records/index.ts';
import type { GenerateConfig } from './config.ts';
import { succeed, type Envelope } from './envelope.ts';
import { createHandler, type Action, type Call } from './handler.ts';
import { openTools, type Runtime } from './runtime.ts';

/**
 * The cloud function `generateImage`: actions `generate`, `getHistory`, `getDailyUsage`, `getServiceStatus`,
 * `deleteWork`. A wrong setting is answered as `CONFIG_INVALID` on every call, and nothing is written.
 */
export function createGenerateImage(runtime: Runtime) {
  let opened: Desk | undefined;
  const desk = (): Desk => (opened ??= openDesk(runtime));
  const actions: Record<string, Action> = {
    generate: (call) => generate(desk(), call),
    getHistory: async (call) => {
      const history = await desk().generation.history(call, parseHistory(call.data));
      return succeed('获取成功', history);
    },
    getDailyUsage: async (call) => succeed('获取成功', await desk().generation.usage(call)),
    getServiceStatus: async (call) => status(desk(), call),
    deleteWork: async (call) => {
      const { workId } = parseWorkId(call.data);
      await desk().generation.deleteWork(call, workId);
      return succeed('删除成功', { workId });
    },
  };
  return createHandler(runtime, actions);
}

interface Desk {
  readonly config: GenerateConfig;
  readonly providerName: string | null;
  readonly isModerated: boolean;
  readonly generation: Generation;
}

function openDesk(runtime: Runtime): Desk {
  const tools = openTools(runtime);
  const { config, provider, moderate } = tools;
  const generation = createGeneration({ ...runtime, ...tools }, { registration: config.registration });
  return { config, providerName: provider?.name ?? null, isModerated: moderate !== undefined, generation };
}

async function generate({ generation }: Desk, call: Call): Promise<Envelope> {
  const input = parseGenerate(call.data);
  const requestId = input.requestId ?? call.requestId;
  const generated = await generation.generate(call, { ...input, requestId });
  if (generated.work.status === 'completed') return completed(generated, requestId);
  throw new DurableError('PROVIDER_FAILED', 'the image service made no picture', {
    details: { recordId: generated.work._id },
  });
}

function completed({ work, savedIn, remainingCredits, dailyUsage }: Generated, requestId: string): Envelope {
  const message = savedIn === 'log' ? '图片已生成，但记录尚未保存，请先保存图片' : '图片生成成功';
  return succeed(message, {
    workId: work._id,
    imageUrl: work.asset?.fileId ?? work.imageUrl,
    prompt: work.prompt,
    enhancedPrompt: work.enhancedPrompt,
    remainingCredits,
    dailyUsage,
    savedIn,
    requestId,
  });
}

function status({ config, providerName, isModerated }: Desk, { deadline }: Call): Envelope {
  // Every setting has been read by now: one that is wrong is answered before this.
  const missing = providerName === null ? ['WX_DURABLE_PROVIDER'] : [];
  return succeed(missing.length > 0 ? '服务未就绪：尚未配置图片生成服务' : '服务正常', {
    provider: providerName,
    missing,
    registration: config.registration.open ? 'open' : 'closed',
    moderation: isModerated ? 'on' : 'off',
    tiers: ['works', 'emergency_backup', 'storage', ...(config.key ? ['log'] : [])],
    remainingTimeMs: deadline.remainingMs(),
  });
}
