/** The rules of the protocol, each taken away alone. Their numbers are those of CONTRIBUTING. */
import type { StoryName } from '../stories.ts';
import { ONCE, EARLIER, OPEN, RESOLVE, planted, type Edit, type Mutation } from './mutation.ts';

export interface RuleMutation extends Mutation {
  readonly rule: number;
  /** Plans of about 40,000 that went wrong in the model by which the protocol was found; absent: it did not ask. */
  readonly inModel?: number;
  /** What shows that it is missing. @default wrong plans */
  readonly shows?: 'held';
  /** The stories in which it matters: it is tried by every placement of faults over them. */
  readonly stories: readonly StoryName[];
  /** Faults of one placement. @default 2 */
  readonly faults?: number;
  /** Present where it can be taken away alone without a wrong plan, since something else covers it. */
  readonly covered?: {
    readonly why: string;
    /** Takes the cover away; without both, more plans must go wrong than without the cover. */
    readonly edits: readonly Edit[];
  };
}

const HOLD = 'src/once/hold.ts';
const REOPEN = 'src/once/reopen.ts';
const RECOVER = 'src/once/recover.ts';
const NOTHING = 'async () => ({ done: 0, skipped: 0, failed: [] }),';

export const ruleMutations: readonly RuleMutation[] = [
  {
    rule: 1,
    stories: ['a call and its client retry at once'],
    inModel: 15_112,
    ...planted(
      'opens whatever is held',
      HOLD,
      'where: { ...eligible, ...vacant(id, seen), [PRUNED_TO]',
      'where: { ...eligible, [PRUNED_TO]',
    ),
  },
  {
    rule: 1,
    stories: ['one call'],
    shows: 'held',
    ...planted(
      'takes its own opening, whose answer was lost, for another one',
      OPEN,
      'if (found && holdIn(found, id)?.token === hold.token) return { key, hold, account };',
      '',
    ),
  },
  {
    rule: 2,
    stories: ['one call'],
    inModel: 0,
    ...planted(
      'does not look at the lease before paying',
      ONCE,
      'if (payBy.remainingMs() < course.minPayMs) {',
      'if (false) {',
    ),
  },
  {
    rule: 3,
    stories: ['one call'],
    inModel: 0,
    shows: 'held',
    ...planted(
      'leaves what it opened when it is refused',
      OPEN,
      'for (const step of steps) {',
      'for (const step of []) {',
    ),
  },
  {
    rule: 4,
    stories: ['a call and its client retry after the lease'],
    inModel: 6,
    ...planted(
      'leaves an unknown record under a void hold',
      RESOLVE,
      "if (hold.st === 'void') return resolveVoid(parts, scene);",
      "if (hold.st === 'void') return record;",
    ),
  },
  {
    rule: 4,
    stories: ['a call and its client retry after the lease'],
    inModel: 9,
    ...planted(
      'recovery does not list unknown records',
      RECOVER,
      'unknown: (after) => recoverUnknown(parts, deadline, after),',
      `unknown: ${NOTHING}`,
    ),
  },
  {
    rule: 5,
    stories: ['a call and its client retry after the lease', 'an explicit retry of an unknown result'],
    inModel: 200,
    ...planted('replaces a final record', 'src/durable/writer.ts', 'where: request.replaces ?? {} }', 'where: {} }'),
  },
  {
    rule: 5,
    stories: ['an explicit retry of an unknown result'],
    inModel: 9,
    ...planted(
      'an older attempt replaces the unknown record of a newer one',
      ONCE,
      "replaces: { status: 'unknown', attempt: is.atMost(hold.attempt) },",
      "replaces: { status: 'unknown' },",
    ),
  },
  {
    rule: 6,
    stories: ['a call and its client retry after the lease', 'an explicit retry of an unknown result'],
    ...planted(
      'answers its own record where another one was first',
      ONCE,
      "const record = outcome.status === 'dead-lettered' ? written.record : outcome.record;",
      'const record = written.record;',
    ),
  },
  {
    rule: 6,
    stories: ['a call and its client retry after the lease'],
    inModel: 181,
    ...planted(
      'does not close a hold by the final record that is there',
      RESOLVE,
      "if (record && isFinal(record['status'])) return closeBy(parts, scene, record);",
      "if (record && isFinal(record['status'])) return record;",
    ),
  },
  {
    rule: 7,
    stories: ['a call and its client retry after the lease', 'an explicit retry of an unknown result'],
    inModel: 37,
    ...planted(
      'a lower tier acknowledges after the lease',
      ONCE,
      "const late = savedIn !== 'works' && parts.clock.now() >= opened.hold.until;",
      'const late = false;',
    ),
  },
  {
    rule: 7,
    stories: ['an explicit retry after an outage of works'],
    ...planted(
      'a second call answers from a lower tier after the lease',
      EARLIER,
      "if (hold.st === 'void' || (hold.st === 'open' && parts.clock.now() >= hold.until)) return undefined;",
      "if (hold.st === 'void') return undefined;",
    ),
  },
  {
    rule: 8,
    stories: ['one call'],
    inModel: 62,
    ...planted(
      'closes by a record that only storage holds',
      ONCE,
      "if (savedIn !== 'works' && savedIn !== 'emergency_backup') return answer;",
      '',
    ),
  },
  {
    rule: 8,
    stories: ['one call'],
    inModel: 159,
    ...planted(
      'closes before the record is acknowledged',
      ONCE,
      'const outcome = await parts.writer.write({',
      "if (isFinal(record['status'])) await closeQuietly(parts, { opened, status: record['status'] }, recordBy);\n" +
        '  const outcome = await parts.writer.write({',
    ),
  },
  {
    rule: 9,
    stories: ['one call'],
    inModel: 1_851,
    ...planted(
      'closes what is closed',
      HOLD,
      "return { [`${pathOf(id)}.st`]: 'open', [`${pathOf(id)}.token`]: token };",
      'return { [`${pathOf(id)}.token`]: token };',
    ),
  },
  {
    rule: 9,
    stories: ['two calls of one request at once', 'two explicit retries at once'],
    inModel: 212,
    ...planted(
      'closes under any token',
      HOLD,
      "return { [`${pathOf(id)}.st`]: 'open', [`${pathOf(id)}.token`]: token };",
      "return { [`${pathOf(id)}.st`]: 'open' };",
    ),
  },
  {
    rule: 10,
    stories: ['an explicit retry after an outage of works'],
    faults: 3,
    inModel: 2,
    name: 'letters are not keyed by attempt',
    edits: [
      {
        file: 'src/durable/letter.ts',
        find: '_id: attemptName(record._id, attempt),',
        replace: '_id: attemptName(record._id, 1),',
      },
      {
        file: 'src/durable/find-letter.ts',
        find: 'attemptName(query.recordId, query.attempt)',
        replace: 'attemptName(query.recordId, 1)',
      },
      {
        file: 'src/durable/letters-among.ts',
        find: 'attempts.map(({ recordId, attempt }) => attemptName(recordId, attempt))',
        replace: 'attempts.map(({ recordId }) => attemptName(recordId, 1))',
      },
      {
        file: 'src/durable/letters-among.ts',
        find: 'const id = attemptName(recordId, attempt);',
        replace: 'const id = attemptName(recordId, 1 || attempt);',
      },
    ],
  },
  {
    rule: 10,
    stories: ['an explicit retry after an outage of works'],
    inModel: 10,
    faults: 3,
    covered: {
      why:
        'a call can be opened under another token only over an unknown record, which then has that token (rule 13); ' +
        'and the letters phase replaces an unknown record only by a letter of its own token (rule 5)',
      edits: [
        {
          file: 'src/once/recover-letters.ts',
          find: "? { status: 'unknown', token: record['token'] } : undefined;",
          replace: "? { status: 'unknown' } : undefined;",
        },
      ],
    },
    ...planted(
      "a letter of another token than the closed hold's counts",
      'src/once/recover-letters.ts',
      "return hold && !isOf(hold, letter) ? 'superseded' : home(parts, letter, hold);",
      'return home(parts, letter, hold);',
    ),
  },
  {
    rule: 10,
    stories: ['one call'],
    inModel: 2_557,
    ...planted(
      'recovery does not bring letters of closed holds home',
      RECOVER,
      'letters: (after) => recoverLetters(parts, request, after),',
      `letters: ${NOTHING}`,
    ),
  },
  {
    rule: 11,
    stories: ['an explicit retry at once'],
    inModel: 202,
    name: 'resolves before the lease is over',
    edits: [
      { file: RESOLVE, find: 'if (parts.clock.now() < hold.until) return record;', replace: '' },
      { file: 'src/once/recover-holds.ts', find: '.filter(([, { until }]) => until <= nowMs)', replace: '' },
      { file: EARLIER, find: "if (hold.st === 'open' && parts.clock.now() < hold.until) {", replace: 'if (false) {' },
    ],
  },
  {
    rule: 11,
    stories: ['an explicit retry after an outage of works'],
    inModel: 8,
    ...planted(
      'goes on where a tier cannot be read',
      RESOLVE,
      'const found = await ownLetter(parts, scene).catch(overlooked);',
      'const found = await ownLetter(parts, scene).catch(() => undefined);',
    ),
  },
  {
    rule: 12,
    stories: ['one call'],
    inModel: 1_668,
    ...planted(
      'gives back without a fence',
      RESOLVE,
      'const record = scene.record ?? (await fence(parts, scene, { letter: isResult ? undefined : found?.letter, isOver }));',
      "if (!scene.record) return void (await settle(parts, { key: scene.key, hold: scene.hold, status: 'failed' }, scene.deadline));\n" +
        '  const record = scene.record;',
    ),
  },
  {
    rule: 12,
    stories: ['one call'],
    inModel: 6_682,
    ...planted(
      'never gives up what is unknown',
      RESOLVE,
      'const isOver = isOverdue(parts, scene);\n  const overlooked',
      'const isOver = false;\n  const overlooked',
    ),
  },
  {
    rule: 13,
    stories: ['an explicit retry of an unknown result'],
    inModel: 76,
    ...planted(
      'pays again without taking the unknown record over',
      REOPEN,
      'const found = await takeOver(parts, { record, hold, deadline });',
      "const found = 'taken';",
    ),
  },
  {
    rule: 13,
    stories: ['two explicit retries at once'],
    ...planted(
      'reopens what is closed or in other hands',
      HOLD,
      'where: { ...eligible, ...mine(id, old.token) },',
      'where: {},',
    ),
  },
  {
    rule: 14,
    stories: ['a call repeated after its hold was pruned'],
    ...planted(
      'prunes a hold whose record is not final where it belongs',
      'src/once/prune.ts',
      "return isFinal(status) || (st === 'void' && status === undefined);",
      'return true;',
    ),
  },
  {
    rule: 14,
    stories: ['a call whose hold is pruned'],
    ...planted(
      'lets an opening in that is older than what was pruned',
      HOLD,
      ', [PRUNED_TO]: is.absentOr(is.below(hold.at)) },',
      ' },',
    ),
  },
  {
    rule: 14,
    stories: ['a call repeated after its hold was pruned'],
    ...planted(
      'opens what was pruned while its record cannot be read',
      ONCE,
      'const isInDoubt = seen === UNREADABLE && (isVoided || mayBePruned(prunedIn(account).ids, request.id));',
      'const isInDoubt = false && isVoided;',
    ),
  },
];
