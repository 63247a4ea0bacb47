import { DurableError, type Clock, type Hash, type Log, type Random, type Seal } from '../core/index.ts';
import { createDurableWriter } from '../durable/index.ts';
import { createGeneration, createOpenAiImages, type Fetch, type Generated, type Generation, type Provider } from '../generation/index.ts';
import { parseGenerate, parseHistory, parseWorkId } from '../records/index.ts';
import type { Blobs, Store } from '../store/index.ts';
import { readConfig, type Environment, type GenerateConfig } from './config.ts';
import { succeed, type Envelope } from './envelope.ts';
import { createHandler, type Action, type Call, type Identity } from './handler.ts';

/** Everything a function stands on; composition roots hand it in. */
export interface Runtime {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly hash: Hash;
  readonly log: Log;
  readonly fetch: Fetch;
  readonly env: Environment;
  createSeal(secret: string): Seal;
  identity(): Identity;
  /** Takes the place of the provider named in the environment, for a service this library does not know. */
  readonly provider?: Provider;
}

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
    getServiceStatus: async (call) => succeed('服务正常', status(desk(), call)),
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
  readonly generation: Generation;
}

function openDesk(runtime: Runtime): Desk {
  const config = readConfig(runtime.env);
  const seal = config.key === undefined ? undefined : runtime.createSeal(config.key);
  const writer = createDurableWriter({ ...runtime, seal });
  const provider = runtime.provider ?? (config.provider && createOpenAiImages(runtime, config.provider));
  const { registration } = config;
  return { config, generation: createGeneration({ ...runtime, writer, provider }, { registration }) };
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
  const message = savedIn === 'log' ? '图片已生成，记录尚未保存，系统会自动恢复' : '图片生成成功';
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

function status({ config }: Desk, { deadline }: Call) {
  return {
    provider: config.provider?.name ?? null,
    registration: config.registration.open ? 'open' : 'closed',
    tiers: ['works', 'emergency_backup', 'storage', ...(config.key ? ['log'] : [])],
    remainingTimeMs: deadline.remainingMs(),
  };
}
