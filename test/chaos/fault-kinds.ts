/** Every kind of fault, and how it is placed. */
import type { Draw } from './draw.ts';
import type { FaultRule, PlacedFault } from './history.ts';

const FUNCTIONS = ['generateImage', 'recoverFromBackup', 'fixUserConsistency'];
const OF_FUNCTIONS = { from: FUNCTIONS } as const;
const ORDER = { provider: 'generate' } as const;
const PICTURE = { provider: 'picture' } as const;
const CALL = { function: 'generateImage' } as const;

type Placeless = Omit<PlacedFault, 'kind'>;

/** Faults that meet one statement of a function: what is done to it. An attempt is given up after 1.5 s. */
const AT_A_STATEMENT: Readonly<Record<string, (draw: Draw) => Placeless>> = {
  refused: () => at({ inject: 'refused' }),
  'reset before commit': () => at({ inject: 'reset-before' }),
  'reset after commit': () => at({ inject: 'reset-after' }),
  'answer cut in half': () => at({ inject: 'cut' }),
  'garbage for an answer': () => at({ inject: 'status-after', status: 200, body: 'html' }),
  '503 text before commit': () => at({ inject: 'status', status: 503, body: 'text' }),
  '503 text after commit': () => at({ inject: 'status-after', status: 503, body: 'text' }),
  'no answer, not done': () => at({ inject: 'hang' }),
  'no answer, done': () => at({ inject: 'hang-after' }),
  'done after its timeout': (draw) => at({ inject: 'delay', delayMs: draw.whole(2_000, 7_000) }),
  throttled: () => at({ inject: 'error', code: 'EXCEED_RATELIMIT', message: 'too many requests' }),
  'function killed before commit': () => at({ inject: 'kill-before' }),
  'function killed after commit': () => at({ inject: 'kill-after' }),
  // A statement that is not answered marks the moment; the harness kills what hosts database and functions.
  'cloud killed before commit': () => ({ ...at({ inject: 'hang' }), then: 'kill-cloud' }),
  'cloud killed after commit': () => ({ ...at({ inject: 'hang-after' }), then: 'kill-cloud' }),
  'function frozen for 10 minutes': () => ({ ...at({ inject: 'delay', delayMs: 1_000 }), then: 'jump' }),
};

function at(rule: FaultRule): Placeless {
  return { rule: { ...OF_FUNCTIONS, ...rule, times: 1 } };
}

/** Outages: from one statement of that part to another. */
const DATABASE = {
  ...OF_FUNCTIONS,
  action: [
    ...['insertDocument', 'getDocument', 'calculateDocument', 'modifyDocument'],
    ...['modifyAndReturnDoc', 'removeDocument', 'aggregateDocuments', 'addCollection'],
  ],
};
// A download carries no token, so nobody knows whose it is.
const STORAGE = { storage: ['metadata', 'upload', 'download-url', 'download', 'delete'] } as const;
const INSERTS = { ...OF_FUNCTIONS, action: 'insertDocument' } as const;
const DOWN: Readonly<Record<string, readonly Partial<FaultRule>[]>> = {
  'works down': [{ ...OF_FUNCTIONS, collection: 'works' }],
  'users down': [{ ...OF_FUNCTIONS, collection: 'users' }],
  'emergency_backup down': [{ ...OF_FUNCTIONS, collection: 'emergency_backup' }],
  'database down': [DATABASE],
  'storage down': [STORAGE],
  // What was paid cannot be put where it belongs: the tiers one after the other.
  'works takes no records': [{ ...INSERTS, collection: 'works' }],
  'no collection takes records': [{ ...INSERTS, collection: ['works', 'emergency_backup'] }],
  'nothing takes records': [{ ...INSERTS, collection: ['works', 'emergency_backup'] }, STORAGE],
  'database and storage down': [DATABASE, STORAGE],
};
const MANNERS: readonly [FaultRule, ...FaultRule[]] = [
  { inject: 'refused' },
  { inject: 'reset-before' },
  { inject: 'status', status: 503, body: 'text' },
  { inject: 'hang' },
];

/** What goes wrong outside the cloud, at the image service or between it and the person. */
const ELSEWHERE: Readonly<Record<string, FaultRule>> = {
  'order lost': { ...ORDER, inject: 'reset-before' },
  'order painted, answer lost': { ...ORDER, inject: 'reset-after' },
  'order refused with 503': { ...ORDER, inject: 'status', status: 503 },
  'order painted, answered with 503': { ...ORDER, inject: 'status-after', status: 503 },
  'order painted, answered with garbage': { ...ORDER, inject: 'status-after', status: 200, body: 'html' },
  'order never answered': { ...ORDER, inject: 'hang' },
  'order painted, never answered': { ...ORDER, inject: 'hang-after' },
  'slow order': { ...ORDER, inject: 'delay', delayMs: 4_000 },
  'function killed before ordering': { ...ORDER, inject: 'kill-before' },
  'function killed after ordering': { ...ORDER, inject: 'kill-after' },
  'picture gone': { ...PICTURE, inject: 'status', status: 404 },
  'picture not answered': { ...PICTURE, inject: 'hang' },
  'call lost': { ...CALL, inject: 'reset-before' },
  'answer lost': { ...CALL, inject: 'reset-after' },
};

/** All of them, as the coverage names them. */
export const FAULT_KINDS: readonly string[] = [AT_A_STATEMENT, DOWN, ELSEWHERE].flatMap((table) => Object.keys(table));

/** How often, against one another: what restarts a process costs half a second of a processor. */
const RARE: Readonly<Record<string, number>> = {
  'cloud killed before commit': 0.4,
  'cloud killed after commit': 0.4,
};

const weightsOf = (names: readonly string[]): Record<string, number> =>
  Object.fromEntries(names.map((name) => [name, RARE[name] ?? 1]));

/**
 * A fault at one of the first statements of a round. Numbers count the statements of the functions, in the order in
 * which they reach the cloud.
 */
export function placeAtStatement(draw: Draw, statement: number): PlacedFault {
  const kind = draw.weighted(weightsOf(Object.keys(AT_A_STATEMENT)));
  const { rule, ...more } = (AT_A_STATEMENT[kind] as (draw: Draw) => Placeless)(draw);
  return { kind, rule: { ...rule, skip: statement - 1 }, ...more };
}

/** An outage of some part, from one of its statements on. */
export function placeOutage(draw: Draw): readonly PlacedFault[] {
  const kind = draw.weighted(weightsOf(Object.keys(DOWN)));
  const manner = draw.pick(MANNERS);
  const window = { skip: draw.chance(0.5) ? 0 : draw.whole(1, 6), times: draw.whole(3, 40) };
  return (DOWN[kind] ?? []).map((part) => ({ kind, rule: { ...part, ...manner, ...window } }));
}

/** One call or order that goes wrong. */
export function placeElsewhere(draw: Draw): PlacedFault {
  const kind = draw.weighted(weightsOf(Object.keys(ELSEWHERE)));
  return { kind, rule: { ...(ELSEWHERE[kind] as FaultRule), skip: draw.chance(0.3) ? 1 : 0, times: 1 } };
}
