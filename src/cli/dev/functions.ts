import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Language } from '../language.ts';

/** The functions a local cloud runs. */
export interface FunctionsFolder {
  readonly path: string;
  /** Empty where there are none. */
  readonly names: readonly string[];
  /** Whether they came with this package. */
  readonly isShipped: boolean;
}

/** Where a project keeps functions that can be run: those it builds, or those it wrote in JavaScript. */
const PROJECT_FOLDERS = ['dist/cloudfunctions', 'cloudfunctions'];

/** Beside this program lie the functions of the package, as they are uploaded. */
const SHIPPED_FOLDER = fileURLToPath(new URL('../cloudfunctions', import.meta.url));

/**
 * The folder that was named; without a name the project's own, and where it has none, the package's. Fails where what
 * was named is no folder: a slip of the hand would otherwise look like a project without functions.
 */
export function chooseFunctions(named: string | undefined, language: Language): FunctionsFolder {
  if (named !== undefined) return openNamed(named, language);
  const own = PROJECT_FOLDERS.map(openFolder).find(({ names }) => names.length > 0);
  return own ?? openFolder(SHIPPED_FOLDER);
}

function openNamed(path: string, language: Language): FunctionsFolder {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw notThere(path, language);
  if (existsSync(join(path, 'index.js'))) throw itselfFunction(path, language);
  return openFolder(path);
}

function notThere(path: string, language: Language): CommandFailure {
  const text = {
    zh: `没有目录 ${path}：--functions 要指定云函数所在的目录，其中每个云函数是一个含 index.js 的文件夹`,
    en: `there is no folder ${path}: --functions names the folder in which each function is a folder with an index.js`,
  };
  return new CommandFailure(exitCodes.file, text[language]);
}

function itselfFunction(path: string, language: Language): CommandFailure {
  const above = dirname(resolve(path));
  const text = {
    zh: `${path} 本身就是一个云函数：--functions 要指定它的上一级目录 ${above}`,
    en: `${path} is a function itself: --functions names the folder above it, ${above}`,
  };
  return new CommandFailure(exitCodes.file, text[language]);
}

function openFolder(path: string): FunctionsFolder {
  return { path, names: findFunctions(path), isShipped: resolve(path) === SHIPPED_FOLDER };
}

function findFunctions(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'index.js')))
    .sort();
}

/** A function and the packages it cannot run without. */
export interface MissingPackages {
  readonly name: string;
  readonly packages: readonly string[];
}

/**
 * What the functions' own package.json files ask for and is installed neither in the function's folder nor above: the
 * cloud installs it at the upload, a local cloud installs nothing.
 */
export function findMissingPackages({ path, names }: FunctionsFolder): readonly MissingPackages[] {
  return names
    .map((name) => ({ name, packages: dependenciesOf(join(path, name)).filter(isMissingFrom(resolve(path, name))) }))
    .filter(({ packages }) => packages.length > 0);
}

function dependenciesOf(folder: string): readonly string[] {
  try {
    const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      dependencies?: Readonly<Record<string, string>>;
    };
    return Object.keys(dependencies ?? {});
  } catch {
    // None, or one that cannot be read. What nearly every function needs can be seen; the rest it tells when it runs.
    return needsSdk(folder) ? [SDK] : [];
  }
}

const SDK = 'wx-server-sdk';

function needsSdk(folder: string): boolean {
  return /\brequire\(\s*['"]wx-server-sdk['"]\s*\)/.test(readFileSync(join(folder, 'index.js'), 'utf8'));
}

function isMissingFrom(folder: string): (dependency: string) => boolean {
  const places = createRequire(join(folder, 'index.js')).resolve.paths(SDK) ?? [];
  return (dependency) => !places.some((place) => existsSync(join(place, dependency)));
}
