import { posix } from 'node:path';
import { CLOUD_FUNCTION, FUNCTION_RUNTIME, FRONT, ROOMS, ROOTS_FOR_ROOTS } from './rules.mjs';

/** @typedef {import('./scan.mjs').ScannedFile} ScannedFile */
/** @typedef {import('./scan.mjs').Import} Import */
/** @typedef {import('./rules.mjs').RoomRule} RoomRule */
/**
 * A room and its rule; `folder` is where it lives, without a slash at the end.
 * @typedef {{ name: string, folder: string, rule: RoomRule }} Room
 */

const FRONT_DOOR = 'src/index.ts';
/** What a composition root may read of the project itself: its own version. */
const MANIFEST = 'package.json';

/**
 * Every breach of the table, as `file:line: what; why`, in the order of the files.
 * @param {readonly ScannedFile[]} files
 */
export function findViolations(files) {
  return [...files.flatMap(judgeFile), ...findCycles(files)];
}

/** @param {ScannedFile} file */
function judgeFile(file) {
  const room = roomOf(file.path);
  if (room === undefined) return [`${file.path}:1: belongs to no room; name its folder in the table of rooms`];
  const imports = file.imports.flatMap((entry) => {
    const breach = judgeImport(file, room, entry);
    return breach === undefined ? [] : [`${file.path}:${entry.line}: imports '${entry.specifier}'; ${breach}`];
  });
  const machine = room.rule.machine
    ? []
    : file.machine.map(
        ({ what, line }) => `${file.path}:${line}: uses ${what}; in ${room.name} this comes in by argument`,
      );
  return [...imports, ...machine];
}

/**
 * The room that a file belongs to, or nothing.
 * @param {string} path
 * @returns {Room | undefined}
 */
export function roomOf(path) {
  if (path === FRONT_DOOR) return { name: 'src/index.ts', folder: '', rule: FRONT };
  const [top, name] = path.split('/');
  if (top === 'cloudfunctions' && name) {
    return { name: `cloudfunctions/${name}`, folder: `cloudfunctions/${name}`, rule: CLOUD_FUNCTION };
  }
  const parts = path.replace(/\.[a-z]+$/, '').split('/');
  for (let depth = parts.length; depth > 1 && top === 'src'; depth -= 1) {
    const key = parts.slice(1, depth).join('/');
    const rule = ROOMS[key];
    if (rule) return { name: key, folder: `src/${key}`, rule };
  }
  return undefined;
}

/**
 * Why this import is not allowed, or nothing.
 * @param {ScannedFile} file
 * @param {Room} from
 * @param {Import} entry
 * @returns {string | undefined}
 */
function judgeImport(file, from, entry) {
  const { specifier } = entry;
  if (specifier.startsWith('.')) return judgeFileImport(from, resolve(file.path, specifier));
  if (specifier.startsWith('node:')) {
    const node = nodeAllowed(file.path, from);
    return node === 'any' || node.includes(specifier) ? undefined : `${from.name} may not use this part of Node`;
  }
  const allowed = from.rule.packages?.some((name) =>
    name.endsWith('/*') ? specifier.startsWith(name.slice(0, -1)) : specifier === name,
  );
  return allowed ? undefined : `${from.name} may not use this package`;
}

/**
 * @param {string} path
 * @param {Room} room
 */
function nodeAllowed(path, room) {
  const inside = path.slice(room.folder.length + 1).replace(/\.[a-z]+$/, '');
  const part = Object.entries(room.rule.parts ?? {}).find(([name]) => `${inside}/`.startsWith(`${name}/`));
  return part?.[1] ?? room.rule.node ?? [];
}

/**
 * @param {Room} from
 * @param {string} target
 * @returns {string | undefined}
 */
function judgeFileImport(from, target) {
  if (target === MANIFEST && from.rule.root) return undefined;
  const to = roomOf(target);
  if (to === undefined) return 'this lies in no room';
  if (to.name === from.name) return undefined;
  if (to.name === FRONT_DOOR) return "the library's front desk is for its users; import the room";
  if (target === FUNCTION_RUNTIME && from.rule === CLOUD_FUNCTION) return undefined;
  if (target !== `${to.folder}/index.ts`) return `the only way into ${to.name} is its index.ts`;
  if (from.rule.rooms !== 'any' && !from.rule.rooms.includes(to.name)) return `${from.name} may not import ${to.name}`;
  const closed = to.rule.root && !(from.rule.root && ROOTS_FOR_ROOTS.includes(to.name));
  return closed ? `${to.name} is a composition root: nobody imports it` : undefined;
}

/**
 * @param {string} path
 * @param {string} specifier
 */
function resolve(path, specifier) {
  return posix.join(posix.dirname(path), specifier);
}

/**
 * Groups of files that need one another to start: the first cycle met from each file, each named once.
 * @param {readonly ScannedFile[]} files
 */
function findCycles(files) {
  const edges = new Map(files.map((file) => [file.path, runtimeTargets(file)]));
  /** @type {Set<string>} */
  const finished = new Set();
  /** @type {string[]} */
  const found = [];
  const visit = (/** @type {string} */ path, /** @type {string[]} */ trail) => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push(`${path}:1: import cycle: ${[...trail.slice(at), path].join(' -> ')}`);
    if (at >= 0 || finished.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

/** @param {ScannedFile} file */
function runtimeTargets(file) {
  const relative = file.imports.filter(({ runtime, specifier }) => runtime && specifier.startsWith('.'));
  return [...new Set(relative.map(({ specifier }) => resolve(file.path, specifier)))];
}
