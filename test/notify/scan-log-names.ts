import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** One place where a line is written to the log. */
export interface LogCall {
  readonly where: string;
  /** Every name that the line may have; a template's holes stand as `*`. Empty where it cannot be told. */
  readonly names: readonly string[];
  readonly levels: readonly string[];
}

/** Every `log.write` in the TypeScript files of a folder. */
export function scanFolder(folder: string): readonly LogCall[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) => scanText(join(folder, file), readFileSync(join(folder, file), 'utf8')));
}

/** Every `log.write` in one text, but for a log that hands on to another what it is given itself. */
export function scanText(file: string, text: string): readonly LogCall[] {
  if (!text.includes('.write(')) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const calls: LogCall[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isLogWrite(node.expression)) {
      const [level, event] = node.arguments;
      const isHandedOn = event && ts.isIdentifier(event) && event.text === 'event';
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      if (!isHandedOn) calls.push({ where: `${file}:${line}`, names: textsIn(event), levels: textsIn(level) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return calls;
}

function isLogWrite(callee: ts.Expression): boolean {
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 'write') return false;
  const owner = callee.expression;
  return ts.isIdentifier(owner)
    ? owner.text === 'log'
    : ts.isPropertyAccessExpression(owner) && owner.name.text === 'log';
}

function textsIn(node: ts.Expression | undefined): readonly string[] {
  if (!node) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isConditionalExpression(node)) {
    const branches = [textsIn(node.whenTrue), textsIn(node.whenFalse)];
    return branches.some((texts) => texts.length === 0) ? [] : branches.flat();
  }
  if (!ts.isTemplateExpression(node)) return [];
  return [node.head.text + node.templateSpans.map((span) => `*${span.literal.text}`).join('')];
}

/** The rows of a Markdown table whose first cell is a name in backticks: name and level. */
export function tableIn(markdown: string): ReadonlyMap<string, string> {
  const rows = markdown.matchAll(/^\|\s*`([a-z][\w.-]*)`\s*\|\s*([a-z/ ]+?)\s*\|/gm);
  return new Map([...rows].map(([, name = '', level = '']) => [name, level]));
}

/** What is wrong between the code and the table, one sentence each. `templates` tells what a name with holes may be. */
export function differences(
  calls: readonly LogCall[],
  table: ReadonlyMap<string, string>,
  templates: Readonly<Record<string, readonly string[]>> = {},
): readonly string[] {
  const spelled = calls.map((call) => ({ ...call, names: call.names.flatMap((name) => templates[name] ?? [name]) }));
  const found = spelled.flatMap(({ where, names, levels }) => {
    if (names.length === 0) return [`${where}: the name of this line cannot be read from the code; write it out`];
    return names.flatMap((name) => {
      const known = table.get(name)?.split('/');
      if (!known) return [`${where}: "${name}" is not in the table`];
      return levels.filter((level) => !known.includes(level)).map((level) => `${where}: "${name}" is ${level} here`);
    });
  });
  const written = new Set(spelled.flatMap(({ names }) => names));
  const stale = [...table.keys()].filter((row) => !written.has(row));
  return [...found, ...stale.map((row) => `the table names "${row}", which nothing writes`)];
}
