import { describe, expect, it } from 'vitest';
import { is, type Document, type Filter } from '../../src/store/index.ts';
import { codeOf, collectionWith, type Use } from './subject.ts';

/** What is no literal value, as it may come from outside. */
const STRANGE_VALUES: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  new Date(Number.NaN),
  {},
  { $ne: null },
  { $gt: '' },
  { $regex: '.*' },
  { $where: 'true' },
  { op: 'absent' },
  { 'wx-durable.condition': { op: 'absent' } },
  ['u1'],
  [],
  /./,
  () => true,
  10n,
];

const WRAPPED: readonly ((value: unknown) => unknown)[] = [
  (value) => value,
  (value) => is.not(value as string),
  (value) => is.below(value as string),
  (value) => is.oneOf(['u1', value as string]),
  (value) => is.absentOr(is.atLeast(value as string)),
  (value) => is.absentOr(value as ReturnType<typeof is.absent>),
  (value) => is.all([is.above('a'), is.below(value as string)]),
  (value) => is.all([value as ReturnType<typeof is.absent>]),
];

const STRANGE_PATHS = [
  '$where',
  '$or',
  'a.$',
  'a.$[]',
  '__proto__',
  'a.__proto__',
  'a.__proto__.b',
  '',
  '.',
  'a..b',
  '.a',
  'a b',
  'a\u0000',
];

const STRANGE_DOCUMENTS: readonly unknown[] = [
  {},
  { _id: undefined },
  { _id: null },
  { _id: '' },
  { _id: 7 },
  { _id: { $ne: null } },
  { _id: 'x', $set: {} },
  { _id: 'x', when: { $date: 5 } },
  { _id: 'x', deep: [{ $tcb_server_date: { offset: 0 } }] },
  { _id: 'x', big: 10n },
  containingItself(),
];

function containingItself(): unknown {
  const document: Record<string, unknown> = { _id: 'x' };
  document['self'] = document;
  return document;
}

/** What is not literal is refused before anything is sent. */
export function describeRefusals(use: Use): void {
  /** Every statement that takes a filter, under one. */
  const statements = (name: string, where: Filter): readonly (() => Promise<unknown>)[] => {
    const { store } = use();
    return [
      () => store.update(name, { id: 'u1', where }, { set: { hacked: true } }),
      () => store.remove(name, { id: 'u1', where }),
      () => store.count(name, where),
      () => store.group(name, { by: 'n', where }),
      () => store.twins(name, { by: ['n'], where }),
      () => store.page(name, { where, limit: 1 }),
    ];
  };

  /** Runs what must be refused, and proves that nothing was sent or changed; a legal statement shows that it would be seen. */
  const nothingIsSent = async (attacks: (name: string) => readonly (() => Promise<unknown>)[]): Promise<void> => {
    const { store, requests, contents } = use();
    const document: Document = { _id: 'u1', n: 1 };
    const name = await collectionWith(store, document);
    const before = await requests?.();
    const codes = new Set<string>();
    for (const attack of attacks(name)) codes.add(await codeOf(attack));
    expect([...codes]).toEqual(['INPUT_INVALID']);
    expect(await requests?.()).toBe(before);
    expect(await contents(name)).toEqual([document]);
    expect(await store.update(name, { id: 'u1', where: { n: 1 } }, { set: { hacked: true } })).toBe(1);
    if (before !== undefined) expect(await requests?.()).toBe(before + 1);
    expect(await contents(name)).not.toEqual([document]);
  };

  describe('what is not literal', () => {
    it('is refused as the value of a filter, in every statement and every condition, and nothing is sent', async () => {
      await nothingIsSent((name) =>
        STRANGE_VALUES.flatMap((value) => WRAPPED.map((wrap) => wrap(value))).flatMap((value) =>
          statements(name, { n: value } as Filter),
        ),
      );
    });

    it('is refused where it is an operator of the platform itself', async () => {
      await nothingIsSent((name) =>
        (use().operators?.() ?? [{ $exists: true }]).flatMap((value) => statements(name, { n: value } as Filter)),
      );
    });

    it('is refused as the path of a filter', async () => {
      await nothingIsSent((name) =>
        STRANGE_PATHS.flatMap((path) => statements(name, JSON.parse(`{${JSON.stringify(path)}:1}`) as Filter)),
      );
    });

    it('is refused as an id', async () => {
      const { store } = use();
      const ids = [undefined, null, { $ne: null }, ['u1'], {}] as unknown as readonly string[];
      await nothingIsSent((name) =>
        ids.flatMap((id) => [
          () => store.get(name, id),
          () => store.update(name, { id }, { set: { hacked: true } }),
          () => store.updateMany(name, { ids: ['u1', id] }, { set: { hacked: true } }),
          () => store.remove(name, { id }),
        ]),
      );
    });

    it('is refused as the path of a change, and so are the id and paths that overlap', async () => {
      const { store } = use();
      const changes = [
        ...STRANGE_PATHS.flatMap((path) => [
          { set: JSON.parse(`{${JSON.stringify(path)}:1}`) as Record<string, number> },
          { inc: JSON.parse(`{${JSON.stringify(path)}:1}`) as Record<string, number> },
          { unset: [path] },
        ]),
        {},
        { set: { _id: 'u2' } },
        { set: { n: 1 }, inc: { n: 1 } },
        { set: { n: {} }, inc: { 'n.below': 1 } },
        { inc: { n: Number.NaN } },
        { inc: { n: '1' as unknown as number } },
      ];
      await nothingIsSent((name) => changes.map((change) => () => store.update(name, { id: 'u1' }, change)));
    });

    it('is refused within what is stored: marks of the wire, and what is no plain data', async () => {
      const { store } = use();
      const values = [{ $ne: 1 }, [{ deep: { $date: 5 } }], { big: 10n }] as never[];
      await nothingIsSent((name) => [
        ...STRANGE_DOCUMENTS.map((document) => () => store.insert(name, document as Document)),
        ...values.map((value) => () => store.update(name, { id: 'u1' }, { set: { value } })),
        ...values.map((value) => () => store.update(name, { id: 'u1' }, { push: { value } })),
      ]);
    });
  });
}
