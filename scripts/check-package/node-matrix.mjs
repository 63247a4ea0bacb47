import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { capture, runFile } from './commands.mjs';
import { machineNodes, NODE_VERSIONS, obtainNode } from './node-versions.mjs';
import { doorScripts, localCloudScripts } from './user-scripts.mjs';

/** @typedef {import('./run-checks.mjs').Check} Check */
/** @typedef {import('./user-scripts.mjs').Installed} Installed */
/** @typedef {{ event: unknown, openid: string | null, code: number }} Call */

const RUNNER = fileURLToPath(new URL('./function-runner.cjs', import.meta.url));

/** What a timer sends. */
const TIMER = { Type: 'Timer', TriggerName: 'check', Time: '2026-11-22T18:00:00Z', Message: '' };

/**
 * The checks on one old or new Node each: every door, the command, the local cloud, and every function for real
 * against the local cloud of this Node.
 * @param {Installed} installed
 * @returns {Check[]}
 */
export function nodeMatrixChecks(installed) {
  return NODE_VERSIONS.flatMap((version) => {
    /** @type {Promise<string> | undefined} */
    let node;
    const binary = () => (node ??= obtainNode(version, machineNodes()));
    const on = (/** @type {string} */ what) => `on Node ${version} ${what}`;
    return [
      { title: on('every door is required and imported'), run: async () => openDoors(await binary(), installed) },
      { title: on('the command answers'), run: async () => askCommand(await binary(), installed) },
      { title: on('the local cloud runs a function'), run: async () => runLocalCloud(await binary(), installed) },
      { title: on('every function answers'), run: async () => callFunctions(await binary(), { version, installed }) },
    ];
  });
}

/**
 * @param {string} node
 * @param {Installed} installed
 */
async function openDoors(node, { user, doors }) {
  const { asCommonJs, asModule } = doorScripts(doors);
  return [
    ...(await capture(node, [...(await refuseModules(node)), '-e', asCommonJs], user)),
    ...(await capture(node, ['--input-type=module', '-e', asModule], user)),
  ];
}

/**
 * A Node that can `require` an ES module would hide what older ones refuse.
 * @param {string} node
 */
async function refuseModules(node) {
  const flag = '--no-experimental-require-module';
  const problems = await capture(node, [flag, '--version'], process.cwd());
  return problems.length === 0 ? [flag] : [];
}

/**
 * @param {string} node
 * @param {Installed} installed
 */
async function askCommand(node, { user, version }) {
  const command = join(user, 'node_modules/wx-durable/dist/cli/index.js');
  const told = await runFile(node, [command, '--version'], { cwd: user });
  const help = await runFile(node, [command, '--help'], { cwd: user });
  return [
    ...(told.stdout.trim() === version ? [] : [`--version answered ${told.stdout}`]),
    ...(/^ {2}dev /m.test(help.stdout) ? [] : [`--help answered ${help.stdout}`]),
  ];
}

/**
 * @param {string} node
 * @param {Installed} installed
 */
async function runLocalCloud(node, { user }) {
  const { asCommonJs, asModule } = localCloudScripts(user);
  return [
    ...(await capture(node, ['-e', asCommonJs], user)),
    ...(await capture(node, ['--input-type=module', '-e', asModule], user)),
  ];
}

/**
 * Calls every shipped function in a process of that Node, which talks to a local cloud that this Node runs, as
 * a user's own process does: through the script that `wx-durable dev` leaves.
 * @param {string} node
 * @param {{ version: string, installed: Installed }} what
 */
async function callFunctions(node, { version, installed: { user } }) {
  const folder = join(user, 'node_modules/wx-durable/dist/cloudfunctions');
  const calls = readdirSync(folder).map((name) => callOf(name, { folder, version }));
  if (calls.length === 0) return ['no function is shipped'];
  const dir = join(user, `cloud-${version}`);
  const cloud = await startDev(user, dir);
  try {
    const env = { ...process.env, WX_DURABLE_PROVIDER: 'local', WX_DURABLE_PROVIDER_URL: `${cloud.url}/_provider/v1` };
    const script = '. "$1" && exec "$2" "$3" "$4"';
    const args = ['-c', script, 'run', join(dir, 'env.sh'), node, RUNNER, JSON.stringify(calls)];
    const { stdout } = await runFile('sh', args, { cwd: user, env, timeout: 60_000 });
    const answers = JSON.parse(stdout);
    return calls.flatMap(({ name, code }) => judge(name, { code, answer: answers[name] }));
  } finally {
    await cloud.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * How a function is called: one with a timer by it, `generateImage` by a person, and any other with an action
 * that nobody knows, which it must refuse in its own envelope.
 * @param {string} name
 * @param {{ folder: string, version: string }} where
 */
function callOf(name, { folder, version }) {
  const { timeout, triggers = [] } = JSON.parse(readFileSync(join(folder, name, 'config.json'), 'utf8'));
  const entry = join(folder, name, 'index.js');
  const picture = { action: 'generate', data: { prompt: '海边的灯塔', requestId: `node-${version}` } };
  const base = { name, entry, timeoutSeconds: Number(timeout) };
  if (triggers.length > 0) return { ...base, event: TIMER, openid: null, code: 200 };
  if (name === 'generateImage') return { ...base, event: picture, openid: 'oCheck', code: 200 };
  return { ...base, event: { action: 'nobody-knows' }, openid: 'oCheck', code: 400 };
}

/**
 * @param {string} name
 * @param {{ code: number, answer: unknown }} what
 */
function judge(name, { code, answer }) {
  const { code: answered, message } = /** @type {{ code?: unknown, message?: unknown }} */ (answer ?? {});
  const isEnvelope = answered === code && typeof message === 'string';
  return isEnvelope ? [] : [`${name} answered ${JSON.stringify(answer)}, not an envelope of ${code}`];
}

/**
 * Starts the installed command's local cloud on this Node.
 * @param {string} user
 * @param {string} dir
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
async function startDev(user, dir) {
  const command = join(user, 'node_modules/.bin/wx-durable');
  const child = spawn(command, ['dev', '--port', '0', '--dir', dir, '--provider', 'local'], {
    cwd: user,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => child.once('close', () => resolve()));
  const url = await new Promise((resolve, reject) => {
    const read = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
      // The last line of the welcome: by then the script for other processes has been written.
      if (output.includes('Ctrl-C')) resolve(/http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void ended.then(() => reject(new Error(`wx-durable dev ended: ${output}`)));
  });
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
