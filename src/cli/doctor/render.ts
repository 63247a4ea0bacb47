import type { Language } from '../language.ts';
import type { Paint, Style } from '../style.ts';
import { wrap } from '../table.ts';
import type { DoctorLine } from './line.ts';

const MARKS: Readonly<Record<DoctorLine['status'], string>> = { ok: '✅', problem: '❌', unknown: '❓', skipped: '➖' };
const STYLES: Readonly<Record<DoctorLine['status'], Style>> = {
  ok: 'green',
  problem: 'red',
  unknown: 'yellow',
  skipped: 'dim',
};
const INDENT = '   ';

interface Page {
  readonly language: Language;
  readonly columns: number;
  readonly paint: Paint;
}

/** The lines and a closing one, for a person. */
export function renderDoctor(lines: readonly DoctorLine[], page: Page): readonly string[] {
  const { language, columns, paint } = page;
  const shown = lines.flatMap(({ status, said, todo }) => [
    ...hang(`${MARKS[status]} `, said[language], columns),
    ...(todo ? hang(`${INDENT}➜ `, todo[language], columns).map((text) => paint('bold', text)) : []),
  ]);
  const verdict = verdictOf(lines);
  return [...shown, '', paint(STYLES[verdict], TEXTS[language][verdict])];
}

/** The worst of all; what was skipped says nothing. */
export function verdictOf(lines: readonly DoctorLine[]): 'ok' | 'problem' | 'unknown' {
  if (lines.some(({ status }) => status === 'problem')) return 'problem';
  return lines.some(({ status }) => status === 'unknown') ? 'unknown' : 'ok';
}

function hang(lead: string, text: string, columns: number): readonly string[] {
  return wrap(text, columns - 6).map(
    (part, index) => (index === 0 ? lead : INDENT + (lead.length > 3 ? '  ' : '')) + part,
  );
}

const TEXTS = {
  zh: { ok: '一切就绪', problem: '有需要处理的问题', unknown: '有无法确定的项目，不能视为正常' },
  en: { ok: 'everything is in place', problem: 'something needs to be done', unknown: 'something could not be told' },
} as const;
