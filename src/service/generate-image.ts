import { DurableError } from '../core/index.ts';
import { createRecordWriter } from '../durable/index.ts';
import {
  createGeneration,
  createOpenAiImages,
  inAnyForm,
  type Generated,
  type Generation,
} from '../generation/index.ts';
import { parseGenerate } from '../records/index.ts';
import { readConfig } from './config.ts';
import { succeed, type Envelope } from './envelope.ts';
import { createHandler, type Action, type Call } from './handler.ts';
import { rarely, type LoadRarely, type RareAction, type Rarely } from './rarely.ts';
import { openPictureTools, type CallTools, type Makers, type PictureRuntime, type Runtime } from './runtime.ts';

/**
 * The cloud function `generateImage`: actions `generate`, `getHistory`, `getDailyUsage`, `getServiceStatus`,
 * `deleteWork`. A wrong setting is answered as `CONFIG_INVALID` on every call, and nothing is written.
 */
export function createGenerateImage(runtime: Runtime) {
  return createGenerateImageApart(runtime, async () => rarely);
}

/**
 * The same, with what a new picture does not need kept apart: it is asked for when it is first needed, always before
 * anything is opened or paid. Where it cannot be loaded that call is refused, and the next one asks again.
 */
export function createGenerateImageApart(runtime: PictureRuntime, load: LoadRarely) {
  let opening: Promise<Desk> | undefined;
  const desk = (): Promise<Desk> =>
    (opening ??= openDesk(runtime, load).catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));
  const rare =
    (name: RareAction): Action =>
    async (call) => {
      const { tools } = await desk();
      return (await load()).createRareActions(runtime, tools)[name](call);
    };
  const actions: Record<string, Action> = {
    generate: async (call) => generate(await desk(), call),
    getHistory: rare('getHistory'),
    getDailyUsage: rare('getDailyUsage'),
    getServiceStatus: rare('getServiceStatus'),
    deleteWork: rare('deleteWork'),
  };
  return createHandler(runtime, actions);
}

interface Desk {
  readonly tools: CallTools;
  readonly generation: Generation;
}

async function openDesk(runtime: PictureRuntime, load: LoadRarely): Promise<Desk> {
  const config = readConfig(runtime.env);
  const { registration, provider, previousProvider, moderation } = config;
  // Which of them a deployment uses is settled before a call opens anything.
  const areUsual = [provider, previousProvider].every((each) => (each?.form ?? 'openai') === 'openai');
  const isPlain = !runtime.provider && areUsual && !moderation;
  const makers = isPlain ? { createService: createOpenAiImages } : makersIn(await load());
  const made = openPictureTools(runtime, config, makers);
  const tools = { ...made, writer: createRecordWriter({ ...runtime, ...made }) };
  const earlier = async () => (await load()).answerEarlier;
  const loadTasks = async () => (await load()).pictureTasks;
  return { tools, generation: createGeneration({ ...runtime, ...tools }, { registration, earlier, loadTasks }) };
}

function makersIn({ otherForms, openModeration }: Rarely): Makers {
  return { createService: inAnyForm(otherForms), openModeration };
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
