import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { line, type DoctorLine } from './line.ts';

/** Functions of this library that do nothing unless a timer calls them. */
export const TIMED: readonly string[] = ['recoverFromBackup', 'fixUserConsistency', 'checkDataIntegrity'];
/** Functions of this library for which the platform's default timeout is too short. */
const SLOW = [...TIMED, 'generateImage'];

interface Settings {
  readonly name: string;
  readonly timeout: unknown;
  readonly triggers: readonly unknown[];
}

/**
 * The settings with which functions in this folder will be deployed: `config.json` of each, which DevTools reads, and
 * `cloudbaserc.json`, which `tcb` reads.
 */
export function checkFunctions(cwd: string, named?: string): readonly DoctorLine[] {
  const root = named ?? findRoot(cwd);
  const folders = root === undefined ? [] : functionFolders(resolve(cwd, root));
  if (root === undefined || folders.length === 0) return [nothingFound(named)];
  const configs = folders.map((name) => readConfig(resolve(cwd, root, name), name));
  const manifest = readManifest(cwd, root);
  const remarks = [...configs, ...manifest].flatMap((settings) =>
    'problem' in settings ? [settings.problem] : remarksOn(settings),
  );
  const count = folders.length;
  const found = {
    zh: `${root} 中的 ${count} 个云函数：超时与定时器已设置`,
    en: `${root}: ${count} functions have their timeouts and timers`,
  };
  return remarks.length > 0 ? remarks : [line('ok', 'functions', found)];
}

/** The names of the functions in this folder; undefined where there is no folder of functions. */
export function functionNames(cwd: string, named?: string): readonly string[] | undefined {
  const root = named ?? findRoot(cwd);
  const folders = root === undefined ? [] : functionFolders(resolve(cwd, root));
  return folders.length > 0 ? folders : undefined;
}

function findRoot(cwd: string): string | undefined {
  const project = readJson(join(cwd, 'project.config.json'));
  const named = project?.['cloudfunctionRoot'];
  const places = [...(typeof named === 'string' ? [named] : []), 'cloudfunctions', 'dist/cloudfunctions'];
  return places.find((place) => existsSync(join(cwd, place)));
}

function functionFolders(root: string): readonly string[] {
  if (!existsSync(root)) return [];
  const entries = ['index.js', 'index.ts', 'package.json'];
  return readdirSync(root)
    .filter((name) => name !== 'node_modules' && entries.some((entry) => existsSync(join(root, name, entry))))
    .sort();
}

function readConfig(folder: string, name: string): Settings | { readonly problem: DoctorLine } {
  const path = join(folder, 'config.json');
  const where = `${name}/config.json`;
  if (!existsSync(path)) return { name: where, timeout: undefined, triggers: [] };
  const config = readJson(path);
  if (!config) return { problem: unreadable(where) };
  return { name: where, timeout: config['timeout'], triggers: listIn(config['triggers']) };
}

function readManifest(cwd: string, root: string): readonly (Settings | { readonly problem: DoctorLine })[] {
  const path = [join(cwd, 'cloudbaserc.json'), resolve(cwd, root, '..', 'cloudbaserc.json')].find((place) =>
    existsSync(place),
  );
  if (path === undefined) return [];
  const manifest = readJson(path);
  if (!manifest) return [{ problem: unreadable('cloudbaserc.json') }];
  return listIn(manifest['functions']).flatMap((item) => {
    const { name, timeout, triggers } = item as Record<string, unknown>;
    return typeof name === 'string' ? [{ name: `cloudbaserc.json ${name}`, timeout, triggers: listIn(triggers) }] : [];
  });
}

function remarksOn({ name, timeout, triggers }: Settings): readonly DoctorLine[] {
  const isOneOf = (names: readonly string[]): boolean => names.some((each) => name.split(/[ /]/).includes(each));
  const isTimed = isOneOf(TIMED);
  const isShort = !(typeof timeout === 'number' && timeout > 3);
  return [
    ...(isShort ? [isOneOf(SLOW) ? noTimeout(name) : shortTimeout(name)] : []),
    ...(isTimed && triggers.length === 0 ? [noTimer(name)] : []),
    ...(triggers.length > 1 ? [manyTimers(name)] : []),
  ];
}

function noTimeout(name: string): DoctorLine {
  const said = {
    zh: `${name}：没有设置超时时间，平台默认 3 秒`,
    en: `${name}: no timeout; the platform's default is 3 s`,
  };
  return line('problem', 'functions', said, { zh: '设置 "timeout": 60', en: 'set "timeout": 60' });
}

// Of somebody else's function nobody knows how long it takes.
function shortTimeout(name: string): DoctorLine {
  const said = { zh: `${name}：超时时间为平台默认的 3 秒`, en: `${name}: the platform's default timeout of 3 s` };
  return line('skipped', 'functions', said, OWN_TIMEOUT);
}

const OWN_TIMEOUT = {
  zh: '调用慢的外部服务时，请设更长的 "timeout"',
  en: 'where it calls a slow service, set a longer "timeout"',
};

function noTimer(name: string): DoctorLine {
  return line(
    'problem',
    'functions',
    { zh: `${name}：没有定时触发器，它永远不会运行`, en: `${name}: no timer, so it never runs` },
    { zh: '添加 "triggers"，并在开发者工具中「上传触发器」', en: 'add "triggers" and upload the trigger' },
  );
}

function manyTimers(name: string): DoctorLine {
  return line(
    'problem',
    'functions',
    { zh: `${name}：有多个触发器，平台只接受一个`, en: `${name}: several triggers; the platform takes one` },
    { zh: '只保留一个', en: 'keep one' },
  );
}

function unreadable(name: string): DoctorLine {
  return line('problem', 'functions', { zh: `${name} 不是有效的 JSON`, en: `${name} is not valid JSON` });
}

function nothingFound(named: string | undefined): DoctorLine {
  // Who names a folder means to have it looked at.
  if (named !== undefined) {
    const said = { zh: `${named} 中没有云函数`, en: `there are no functions in ${named}` };
    return line('problem', 'functions', said, { zh: '核对 --functions 的路径', en: 'look at the path of --functions' });
  }
  const said = {
    zh: '未检查云函数的设置：当前目录中没有云函数',
    en: 'settings of functions: there are no functions in this folder',
  };
  return line('skipped', 'functions', said, {
    zh: '用 --functions 指定目录',
    en: 'name their folder with --functions',
  });
}

function readJson(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);
