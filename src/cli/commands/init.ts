import type { Command } from 'commander';
import { neededIndexes } from '../../records/index.ts';
import { exitCodes } from '../exit-codes.ts';
import { withExamples } from '../help-text.ts';
import { applyCollections, planCollections, type CollectionState } from '../init/plan.ts';
import { declareIndexes } from '../init/local-indexes.ts';
import { renderInit } from '../init/render.ts';
import { withCloudOptions, withWriteOptions, type CloudOptions } from '../options.ts';
import { openSession, type Session } from '../session.ts';
import type { CommandContext } from '../terminal.ts';

interface InitOptions extends CloudOptions {
  readonly dryRun?: boolean;
}

/** Adds `wx-durable init`: makes the collections that are missing and names the indexes. Safe to repeat. */
export function addInitCommand(program: Command, context: CommandContext): void {
  const command = program.command('init').description('创建缺少的集合，列出索引 (create collections, list indexes)');
  withWriteOptions(withCloudOptions(command)).action(async (_options, self: Command) => {
    const options = self.optsWithGlobals<InitOptions>();
    await init(await openSession('init', options, context), options);
  });
  withExamples(command, ['init', 'init --env-id my-env-123 --dry-run', 'init --env-id my-env-123'], {
    0: '集合齐全 all there',
    10: '仍有缺少 some missing',
  });
}

async function init(session: Session, { dryRun = false }: InitOptions): Promise<void> {
  const { target, terminal, language, paint } = session;
  const planned = await planCollections(target.store);
  const states = dryRun ? planned : await create(session, planned);
  const isDeclared = !dryRun && target.kind === 'local';
  if (isDeclared) await declareIndexes(target.name);
  session.finish({
    json: {
      dryRun,
      collections: states,
      indexes: neededIndexes.map(({ why, ...index }) => ({ ...index, why: why[language] })),
    },
    lines: () => renderInit(states, { language, isDeclared, columns: terminal.columns, paint }),
  });
  session.end(states.some(({ state }) => state === 'missing') ? exitCodes.problemsFound : exitCodes.ok);
}

async function create(session: Session, planned: readonly CollectionState[]): Promise<readonly CollectionState[]> {
  const missing = planned.filter(({ state }) => state === 'missing').map(({ name }) => name);
  if (missing.length === 0) return planned;
  const what = { zh: `创建集合 ${missing.join('、')}`, en: `create the collections ${missing.join(', ')}` };
  await session.target.confirmWrite(what[session.language]);
  return applyCollections(session.target.store, planned);
}
