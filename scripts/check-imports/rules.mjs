/**
 * What one room may do.
 * - `rooms`: the rooms whose door it may open, or 'any'. Within itself a room is free.
 * - `packages`: the npm packages it may import.
 * - `node`: the Node modules it may import, or 'any'.
 * - `parts`: files or folders inside the room that may import more of Node than the rest of it.
 * - `machine`: it may use the machine's clock, timers, randomness, environment, console and network.
 * - `root`: a composition root, which nobody imports.
 * @typedef {{
 *   rooms: readonly string[] | 'any',
 *   packages?: readonly string[],
 *   node?: readonly string[] | 'any',
 *   parts?: Readonly<Record<string, readonly string[] | 'any'>>,
 *   machine?: true,
 *   root?: true,
 * }} RoomRule
 */

const ports = ['core', 'records', 'store'];
const middle = [...ports, 'durable', 'jobs', 'notify', 'once'];

/**
 * Who may import whom. The key is the room's folder in src (the longest that fits a file wins); the door of a
 * room is its `index.ts`. A folder that is not named here is refused: a new room starts with a line of this table.
 * @type {Readonly<Record<string, RoomRule>>}
 */
export const ROOMS = {
  core: { rooms: [] },
  'core/node': { rooms: ['core'], node: 'any', machine: true },
  records: { rooms: ['core'], packages: ['zod/mini'] },

  store: { rooms: ['core', 'records'] },
  'store/cloudbase': { rooms: ports },
  'store/memory': { rooms: ports },

  durable: { rooms: ports, packages: ['p-retry'] },
  jobs: { rooms: ports },
  notify: { rooms: ports },
  once: { rooms: [...ports, 'durable'] },

  generation: { rooms: middle, parts: { asset: 'any' } },
  integrity: { rooms: middle },
  ledger: { rooms: middle, node: ['node:zlib'] },
  'ledger/cloudbase': { rooms: [...middle, 'ledger'] },
  'ledger/mysql': { rooms: [...middle, 'ledger'], packages: ['mysql2', 'mysql2/promise'] },

  client: { rooms: ['core', 'records'] },
  service: { rooms: [...middle, 'generation', 'integrity', 'ledger', 'client'], packages: ['zod/mini'] },

  emulator: {
    rooms: ['core', 'core/node'],
    packages: ['mingo', 'mingo/*', 'bson', 'pureimage', 'sorted-btree'],
    node: 'any',
    machine: true,
    root: true,
  },
  // Runs in browsers, too: nothing of Node, and nothing of the rest of the local cloud.
  'emulator/wx': { rooms: [], machine: true, root: true },
  cli: {
    rooms: 'any',
    packages: ['wx-server-sdk', 'commander', 'cli-table3', 'zod/mini'],
    node: 'any',
    machine: true,
    root: true,
  },
};

/**
 * The library's front desk, src/index.ts: puts together any rooms but the two that belong to a developer's machine.
 * @type {RoomRule}
 */
export const FRONT = { rooms: Object.keys(ROOMS).filter((room) => room !== 'emulator' && room !== 'cli') };

/**
 * A cloud function: a composition root. It never takes the emulator along.
 * @type {RoomRule}
 */
export const CLOUD_FUNCTION = {
  rooms: Object.keys(ROOMS).filter((room) => room !== 'emulator' && room !== 'cli'),
  packages: ['wx-server-sdk'],
  node: 'any',
  machine: true,
  root: true,
};

/** What all functions stand on, written once: the one file between them, which only they import. */
export const FUNCTION_RUNTIME = 'cloudfunctions/runtime.ts';

/** Rooms marked `root` that composition roots may import all the same: the command line starts the local cloud. */
export const ROOTS_FOR_ROOTS = ['emulator'];

/** Globals that read the machine. Named here because each must come in by argument elsewhere. */
export const MACHINE_GLOBALS = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'performance'],
  ...['process', 'console', 'fetch', 'crypto', 'globalThis', 'global'],
];

/** Members of innocent globals that read the machine. */
export const MACHINE_MEMBERS = ['Date.now', 'Math.random'];
