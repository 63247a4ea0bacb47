import type { Command } from 'commander';
import { sealsOf } from '../../service/index.ts';
import { natureOf } from '../explain/amounts.ts';
import { gather, type Evidence } from '../explain/evidence.ts';
import { lettersIn, planNext, unreadPlaces, type Next } from '../explain/next.ts';
import { renderStory } from '../explain/render.ts';
import { planStory } from '../explain/story.ts';
import { CommandFailure, exitCodes, type ExitCode } from '../exit-codes.ts';
import { withExamples } from '../help-text.ts';
import { parseLanguage } from '../language.ts';
import { withCloudOptions, withKindOptions, type CloudOptions, type KindOptions } from '../options.ts';
import { runtimeOf } from '../runtime.ts';
import { openSession, type Session } from '../session.ts';
import type { CommandContext } from '../terminal.ts';

/** Adds `wx-durable explain <workId>`: one record's whole story, and what happens to it next. Writes nothing of its own. */
export function addExplainCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('explain')
    .argument('<workId>', '记录或备份的编号 (id of the record, or of a letter)')
    .description('一条记录的来龙去脉与下一步 (the whole story of a record)');
  withKindOptions(withCloudOptions(command)).action(async (workId: string, _options, self: Command) => {
    const options = self.optsWithGlobals<CloudOptions & KindOptions>();
    assertId(workId, options);
    await explain(await openSession('explain', options, context), workId, options);
  });
  withExamples(command, ['explain w_0123456789abcdef0123456789abcdef --env-id my-env-123'], {
    ...{ 0: '已知 known', 4: '没有这条记录 not found', 10: '需人工处理 needs a person', 12: '有位置读不到 unknown' },
  });
}

function assertId(workId: string, { lang }: CloudOptions): void {
  if (/^[A-Za-z0-9][\w-]{0,63}$/.test(workId)) return;
  const text = { zh: '记录编号只含字母、数字、_ 与 -', en: 'a record id is letters, digits, _ and -' };
  throw new CommandFailure(exitCodes.usage, text[parseLanguage(lang)]);
}

async function explain(session: Session, workId: string, kind: KindOptions): Promise<void> {
  const { terminal, language, paint, log } = session;
  const runtime = runtimeOf(session, log);
  const evidence = await gather({ ...runtime, ...sealsOf(runtime), kind }, workId);
  const events = planStory(evidence);
  const next = planNext(evidence, runtime.clock.now());
  session.finish({
    json: {
      id: evidence.id,
      ...shown(evidence),
      story: events.map(({ atMs, said }) => ({ at: new Date(atMs).toISOString(), said: said[language] })),
      next: next.map(({ kind, said }) => ({ kind, said: said[language] })),
    },
    lines: () => renderStory({ evidence, events, next }, { language, paint, columns: terminal.columns }),
  });
  session.end(codeOf(next));
}

function shown(evidence: Evidence): object {
  const { records, work, hold, picture } = evidence;
  const nature = natureOf(evidence);
  // Of a plain write nobody knows what a status of its own may mean.
  const record = work.ok && nature !== 'write' ? work.value : undefined;
  return {
    ...{ collection: records, nature, isStored: work.ok ? work.value !== undefined : null },
    status: record?.status ?? null,
    attempt: record?.attempt ?? hold?.attempt ?? null,
    hold: hold
      ? { state: hold.st, attempt: hold.attempt, price: hold.price, day: hold.day, until: hold.until, take: hold.take }
      : null,
    letters: lettersIn(evidence).map(({ letterId, tier, state, letter }) => ({
      letterId,
      tier,
      state,
      isReadable: letter !== undefined,
    })),
    picture: picture.ok ? picture.value : null,
    unread: unreadPlaces(evidence),
  };
}

function codeOf(next: readonly Next[]): ExitCode {
  const kinds = next.map(({ kind }) => kind);
  if (kinds.includes('unknown')) return exitCodes.partial;
  if (kinds.includes('nothing')) return exitCodes.notFound;
  return kinds.includes('person') ? exitCodes.problemsFound : exitCodes.ok;
}
