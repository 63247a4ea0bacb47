import type { Language } from './language.ts';

/** What commander says of a command line it cannot take, and the same in Chinese. */
const PHRASES: readonly (readonly [english: RegExp, chinese: string])[] = [
  [/^error: unknown command '(.*)'/, '没有命令 $1'],
  [/^error: unknown option '(.*)'/, '没有选项 $1'],
  [/^error: option '(.*)' argument missing/, '选项 $1 缺少值'],
  [/^error: option '(.*?)' argument '(.*?)' is invalid/, '选项 $1 的值 $2 无效'],
  [/^error: missing required argument '(.*)'/, '缺少参数 $1'],
  [/^error: required option '(.*)' not specified/, '缺少选项 $1'],
  [/^error: too many arguments/, '参数过多'],
];

const SUGGESTION = /\(Did you mean (?:one of )?(.+?)\?\)/;

/** A usage error for a person: in Chinese with commander's own words below it, which can be searched for. */
export function explainUsageError(text: string, language: Language): string {
  if (language === 'en') return text;
  const found = PHRASES.find(([english]) => english.test(text));
  if (found === undefined) return text;
  const [english, chinese] = found;
  const what = (english.exec(text) ?? []).reduce(
    (phrase, word, index) => phrase.replace(`$${index}`, () => word),
    chinese,
  );
  const meant = SUGGESTION.exec(text)?.[1];
  return `${what}${meant === undefined ? '' : `，是否想用 ${meant}？`}\n${text}`;
}
