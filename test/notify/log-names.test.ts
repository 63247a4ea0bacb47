import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { differences, scanFolder, scanText, tableIn } from './scan-log-names.ts';

const doc = readFileSync('docs/metrics.md', 'utf8');
const table = tableIn(doc);

/** What the names with holes stand for. */
const TEMPLATES = { 'write.*': ['write.stored', 'write.duplicate'] };

describe('docs/metrics.md', () => {
  test('names every line that the code writes with its level, and none that it does not', () => {
    const calls = scanFolder('src');
    expect(calls.length).toBeGreaterThan(30);
    expect(differences(calls, table, TEMPLATES)).toEqual([]);
  });

  test('asks in its queries for lines that exist', () => {
    const queries = [...doc.matchAll(/```sql\n([^]*?)```/g)].map(([, query = '']) => query);
    const asked = queries.flatMap((query) =>
      [...query.matchAll(/["']([a-z]+\.[a-z.-]+)["']/g)].map(([, name]) => name),
    );
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((name) => !table.has(name ?? ''))).toEqual([]);
  });

  test('has a text for people only for lines that exist', () => {
    const source = readFileSync('src/core/node/console-log.ts', 'utf8');
    const names = [...source.matchAll(/^ {2}'([a-z.-]+)':/gm)].map(([, name]) => name ?? '');
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !table.has(name))).toEqual([]);
  });
});

describe('the comparison itself', () => {
  const rows = tableIn('| `a.b` | info | when | fields |\n| `w.one` | warn/error | when | |\n| no name | info |');
  const of = (code: string) => differences(scanText('x.ts', code), rows, { 'w.*': ['w.one'] });
  const SOUND = "log.write('info', 'a.b'); parts.log.write(bad ? 'error' : 'warn', `w.${kind}`, {});";

  test.each([
    ['nothing about a sound text', SOUND, []],
    [
      'a name that is not in the table',
      `${SOUND} deps.log.write('info', 'new.name');`,
      [/"new.name" is not in the table/],
    ],
    [
      'a template of which no name is known',
      `${SOUND} log.write('info', \`x.\${y}\`);`,
      [/"x.\*" is not in the table/],
    ],
    ['a row that nothing writes', "log.write('warn', 'w.one');", [/"a.b", which nothing writes/]],
    ['another level', `${SOUND} log.write('error', 'a.b');`, [/"a.b" is error here/]],
    ['a name that is computed', `${SOUND} log.write('info', nameOf(x));`, [/cannot be read/]],
    ['nothing about a log that hands on', `${SOUND} inner.log.write(level, event, fields);`, []],
    ['nothing about what is no log', `${SOUND} stream.write('x', 'not.a.name');`, []],
    ['both names of a choice', `${SOUND} log.write('info', x ? 'a.b' : 'c.d');`, [/"c.d" is not/]],
  ])('finds %s', (_what, code, expected) => {
    const found = of(code);
    expect(found).toHaveLength(expected.length);
    expected.forEach((pattern, index) => expect(found[index]).toMatch(pattern));
  });
});
