import type { Command } from 'commander';
import { isKept, renderFigures } from '../demo/report.ts';
import { show, type Audience, type Outcome } from '../demo/show.ts';
import { openStage } from '../demo/stage.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { withExamples } from '../help-text.ts';
import { parseLanguage } from '../language.ts';
import { createProgress } from '../progress.ts';
import type { CommandContext, Terminal } from '../terminal.ts';

interface DemoOptions {
  readonly json?: boolean;
  readonly lang: string;
}

/** Adds `wx-durable demo`: the main job, while everything goes wrong, on a local cloud of its own. */
export function addDemoCommand(program: Command, { terminal, end }: CommandContext): void {
  withExamples(program.command('demo'), ['demo --json'])
    .description('在本地云上演示：故障不断，记录不丢不重 (watch the main job under faults)')
    .option('--json', '最后一行输出 JSON (end with one line of JSON)')
    .action(async (_options, command: Command) => {
      const { json, lang } = command.optsWithGlobals<DemoOptions>();
      const language = parseLanguage(lang);
      const { figures, picture } = await demonstrate(terminal, { progress: createProgress(process.stderr), language });
      if (json) terminal.print(JSON.stringify(figures));
      else {
        for (const line of renderFigures(figures, language)) terminal.print(line);
        terminal.print(language === 'zh' ? `🖼️  其中一张图片：${picture}` : `🖼️  one of the pictures: ${picture}`);
      }
      end(isKept(figures) ? exitCodes.ok : exitCodes.problemsFound);
    });
}

/** The demonstration to its end, or until it is asked to stop; nothing of its stage stays behind either way. */
async function demonstrate(terminal: Terminal, audience: Audience): Promise<Outcome> {
  // Asked for before the stage exists, so that no moment is left in which a signal would leave it behind.
  const stopped = terminal.stopped.then(() => 'stopped' as const);
  const stage = await openStage(audience.language);
  try {
    const ended = await Promise.race([show(stage, audience), stopped]);
    if (ended === 'stopped') throw interrupted(audience);
    return ended;
  } finally {
    audience.progress.end();
    await stage.close();
  }
}

function interrupted({ language }: Audience): CommandFailure {
  const text = { zh: '演示已中断，临时文件已清除', en: 'interrupted; its temporary files are gone' };
  return new CommandFailure(exitCodes.interrupted, text[language]);
}
