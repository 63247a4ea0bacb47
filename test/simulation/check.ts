/** What must hold when a story is over, from the image service's calls, the answers people saw, and the database. */
import type { Work } from '../../src/records/index.ts';
import type { World } from './world.ts';

interface User {
  readonly credits: number;
  readonly generateCount: number;
  readonly quota?: {
    readonly open: number;
    readonly used: Record<string, number>;
    readonly holds: Record<string, { st: string }>;
  };
}

/** Every rule that was broken, in words; empty when all is well. */
export function violations(world: World, explicitRetries: number): readonly string[] {
  const works = world.store.dump('works') as unknown as Work[];
  const user = world.store.dump('users')[0] as unknown as User | undefined;
  const wrong: string[] = [];
  const demand = (holds: boolean, words: string): void => void (holds || wrong.push(words));

  demand(works.length <= 1, `${works.length} records of one request`);
  demand(world.paid.length <= 1 + explicitRetries, `paid ${world.paid.length} times`);
  demand(world.paid.length === 0 || works.length === 1, 'paid, and no record');
  demand(
    works.every((work) => work.status !== 'unknown'),
    'a record is unknown for ever',
  );

  for (const seen of world.seen) {
    if (seen.kind !== 'final' || seen.generated.savedIn === 'log') continue;
    const promised = seen.generated.work;
    const kept = works.find((work) => work._id === promised._id);
    demand(kept?.status === promised.status, `acknowledged ${promised.status}, is ${kept?.status}`);
    demand(kept?.imageUrl === promised.imageUrl, 'the acknowledged picture changed');
    const made = world.paid.some((call) => call.made && call.reference.startsWith(promised._id));
    // Except where nobody saw the picture for a day: then that is what the person is told.
    const isHonest = promised.status === 'completed' || promised.errorCode === 'ONCE_UNKNOWN' || !made;
    demand(isHonest, 'told that it failed, though the picture was made');
  }
  if (!user) return wrong;
  const completed = works.filter((work) => work.status === 'completed');
  const used = Object.values(user.quota?.used ?? {}).reduce((sum, count) => sum + count, 0);
  demand(user.generateCount === completed.length, `generateCount ${user.generateCount}, completed ${completed.length}`);
  demand(user.credits === world.CREDITS - completed.length, `credits ${user.credits}, completed ${completed.length}`);
  demand(used === completed.length, `daily use ${used}, completed ${completed.length}`);
  demand((user.quota?.open ?? 0) === 0, `${user.quota?.open} holds counted as open`);
  const open = Object.values(user.quota?.holds ?? {}).filter((hold) => hold.st === 'open');
  demand(open.length === 0, `${open.length} holds open for ever`);
  return wrong;
}
