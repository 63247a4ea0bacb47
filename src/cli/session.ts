import type { Log } from '../core/index.ts';
import type { ExitCode } from './exit-codes.ts';
import { parseLanguage, type Language } from './language.ts';
import type { CloudOptions } from './options.ts';
import { createPaint, type Paint } from './style.ts';
import { openTarget, type Target } from './target.ts';
import type { CommandContext, Terminal } from './terminal.ts';

/** One run of a command that speaks to a cloud. */
export interface Session {
  readonly target: Target;
  readonly terminal: Terminal;
  readonly language: Language;
  readonly paint: Paint;
  readonly log: Log;
  end(code: ExitCode): void;
  /** Prints the result: one JSON object with `--json`, else the lines. */
  finish(result: { readonly json: object; lines(): readonly string[] }): void;
}

/** Opens the target that the options name, which says it first, and what else a command needs. */
export async function openSession(
  command: string,
  options: CloudOptions,
  { terminal, end }: CommandContext,
): Promise<Session> {
  const language = parseLanguage(options.lang);
  const target = await openTarget(options, { terminal, language });
  return {
    target,
    terminal,
    language,
    paint: createPaint(terminal.hasColour),
    log: createStderrLog(terminal, options.verbose ?? false),
    end,
    finish({ json, lines }) {
      const { kind, name } = target;
      const head = { schemaVersion: 1, command, target: { kind, name } };
      if (options.json) terminal.print(JSON.stringify({ ...head, ...json }));
      else for (const line of lines()) terminal.print(line);
    },
  };
}

/** The library's log lines are no result: they are silent, or go beside it. */
function createStderrLog(terminal: Terminal, isVerbose: boolean): Log {
  if (!isVerbose) return { write: () => undefined };
  return {
    write: (level, event, fields = {}) => terminal.say(JSON.stringify({ level, event, ...fields })),
  };
}
