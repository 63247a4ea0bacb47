import type { Command } from 'commander';
import { widthOf, wrap } from './table.ts';

const COLUMNS = 80;

/** Help that fits a terminal: Chinese characters take two columns, which commander does not know. */
export function withWideHelp(program: Command): Command {
  return program.configureHelp({
    displayWidth: widthOf,
    boxWrap: (text, columns) => wrap(text, columns).join('\n'),
  });
}

/** What a number that the command ends with means; in both languages. */
export type ExitMeanings = Readonly<Record<number, string>>;

/** The end of a command's help: what its exit codes mean, and how it is used. */
export function withExamples(command: Command, examples: readonly string[], exits?: ExitMeanings): Command {
  const meanings = Object.entries(exits ?? {}).map(([code, meaning]) => `${code} ${meaning}`);
  const codes = meanings.length > 0 ? wrap(`退出码 (exit codes): ${meanings.join(', ')}`, COLUMNS) : [];
  const lines = [
    ...(codes.length > 0 ? ['', ...codes] : []),
    '',
    examples.length > 1 ? '示例 (examples):' : '示例 (example):',
    ...examples.map((example) => `  wx-durable ${example}`),
  ];
  return command.addHelpText('after', lines.join('\n'));
}
