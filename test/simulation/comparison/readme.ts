import { readFileSync, writeFileSync } from 'node:fs';
import type { Comparison } from './figures.ts';
import { renderComparison, type Language } from './markdown.ts';

/** What the READMEs show, kept so that a test can tell whether they still show it. */
export const KEPT = 'bench/comparison.json';

/** The READMEs, from the root of the repository, and their languages. */
export const READMES: Readonly<Record<string, Language>> = { 'README.md': 'en', 'README.zh-CN.md': 'zh' };

const BEGIN = '<!-- comparison: written by `npm run sim -- --compare --readme` -->';
const END = '<!-- end of comparison -->';

/** `text` with this comparison in its marked block. */
export function withComparison(text: string, comparison: Comparison, language: Language): string {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`no block between "${BEGIN}" and "${END}"`);
  return `${text.slice(0, from)}${BEGIN}\n\n${renderComparison(comparison, language)}\n\n${text.slice(to)}`;
}

/** Keeps the comparison and writes it into both READMEs. */
export function writeReadmes(comparison: Comparison): void {
  writeFileSync(KEPT, `${JSON.stringify(comparison, null, 2)}\n`);
  for (const [file, language] of Object.entries(READMES)) {
    writeFileSync(file, withComparison(readFileSync(file, 'utf8'), comparison, language));
  }
}
