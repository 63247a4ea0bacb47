import { describe, expect, it } from 'vitest';
import { Behaviours, type BehaviourOptions, type Event, type Stage } from './behaviours.ts';
import { whenKnown } from './known.ts';
import { Statements, type Contents } from './statements.ts';

const OPTIONS: BehaviourOptions = { mood: 'paints', maxAttempts: 1 };
const START = { act: { run: 'call', request: 'r1' }, number: 0, atMs: 1_000_000 } as const;

describe('the courses of a function', () => {
  const course = (options: BehaviourOptions) => {
    const statements = new Statements();
    const behaviours = new Behaviours(statements, options);
    const after = async (stage: Stage, event: Event): Promise<Stage> => whenKnown(() => behaviours.after(stage, event));
    return { statements, behaviours, after, start: async () => whenKnown(() => behaviours.start(START)) };
  };

  it('are gone once each by real code, and played again only where two of them part', async () => {
    const { statements, behaviours, after, start } = course(OPTIONS);
    const begun = await start();
    const [first, second] = begun.deeds.filter((deed) => deed.kind === 'asks');
    expect([first?.statement.words, second?.statement.words]).toEqual(['page users', 'get works']);
    const lost = { atMs: START.atMs, number: 0, answer: statements.failure('STORE_UNCERTAIN') };
    const refused = await after(begun, lost);
    expect(behaviours.begun).toBe(1);
    const down = await after(begun, { ...lost, answer: statements.failure('STORE_UNAVAILABLE') });
    expect(behaviours.begun).toBe(2);
    expect(await after(begun, lost)).toBe(refused);
    expect(behaviours.begun).toBe(2);
    expect(down).not.toBe(refused);
  });

  it('are noticed where a function does not do the same again', async () => {
    let times = 0;
    const { statements, after, start } = course({
      ...OPTIONS,
      async begins(_act, { store }) {
        times += 1;
        await store.get(times === 1 ? 'works' : 'users', 'a').catch(() => undefined);
        return { kind: 'nothing' };
      },
    });
    const begun = await start();
    const event = { atMs: START.atMs, number: 0, answer: statements.failure('STORE_UNCERTAIN') };
    await after(begun, event);
    await expect(after(begun, { ...event, atMs: START.atMs + 1 })).rejects.toThrow('did not do the same again');
  });
});

describe('statements', () => {
  const insert = (statements: Statements, contents: Contents, id: string) => {
    let performed = 0;
    const store = statements.storeFor(async (what) => {
      const statement = statements.statement({ ...what, effect: () => ((performed += 1), what.effect()) });
      const done = await whenKnown(() => statements.perform(statement, contents));
      contents = done.contents;
      const heard = statements.heard(done.answer);
      return 'error' in heard ? Promise.reject(heard.error) : heard.value;
    });
    return { done: store.insert('works', { _id: id }), performed: () => performed, contents: () => contents };
  };

  it('are performed once upon one content, and answer a copy each time', async () => {
    const statements = new Statements();
    const nothing = statements.nothing();
    const first = insert(statements, nothing, 'a');
    expect(await first.done).toBe('inserted');
    const again = insert(statements, nothing, 'a');
    expect(await again.done).toBe('inserted');
    expect([first.performed(), again.performed()]).toEqual([1, 0]);
    expect(again.contents()).toEqual(first.contents());
    const onTop = insert(statements, first.contents(), 'a');
    expect(await onTop.done).toBe('exists');
    expect(onTop.contents()).toEqual(first.contents());
    expect(statements.documents(onTop.contents(), 'works')).toEqual([{ _id: 'a' }]);
  });
});
