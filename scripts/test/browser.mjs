import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const OWN = process.env['CHROMIUM_PATH'];

/** The browser that tests of pages drive. */
export const CHROMIUM = OWN ?? '/usr/bin/chromium';

const PACKAGES = ['chromium', 'fonts-noto-cjk'];
const COMMANDS = [
  ['apt-get', 'update', '-qq'],
  ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...PACKAGES],
];

/** What a person does where this cannot. */
const ADVICE = `a browser is needed at ${CHROMIUM}: run \`${COMMANDS.map((words) => words.join(' ')).join(' && ')}\` as root, or set CHROMIUM_PATH`;

/**
 * Makes sure that the browser is there: where it is missing, and this process may, it is installed. Throws the command
 * to run by hand where it may not, or where installing failed twice.
 */
export function ensureBrowser() {
  if (existsSync(CHROMIUM)) return;
  if (OWN !== undefined || process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0)
    throw new Error(ADVICE);
  const said = install() && install();
  if (said) throw new Error(`${ADVICE}\n${said}`);
  if (!existsSync(CHROMIUM)) throw new Error(ADVICE);
}

/** Installs the browser; answers what went wrong, or nothing. */
function install() {
  for (const [command = '', ...args] of COMMANDS) {
    const { status, stderr, error } = spawnSync(command, args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (status !== 0) return String(error ?? stderr);
  }
  return undefined;
}
