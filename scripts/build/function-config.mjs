import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The runtime of every function, fixed at its creation in the cloud; the bundles' target follows it. */
const RUNTIME = 'Nodejs18.15';

const TRIGGER_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,59}$/;
const CRON_FIELDS = 7;

/**
 * A timer as the platform knows it; `config` is seven cron fields in UTC+8.
 * @typedef {{ name: string, type: 'timer', config: string }} Trigger
 */
/**
 * The `config.json` of a function: the one source of what both deployment tools are told.
 * @typedef {{ timeout: number, memorySize?: number, triggers: Trigger[] }} FunctionConfig
 */
/** @typedef {{ name: string, config: FunctionConfig }} NamedConfig */

/**
 * Reads a function's `config.json`; throws with the file and the rule when the platform would not take it.
 * @param {string} folder
 * @returns {FunctionConfig}
 */
export function readFunctionConfig(folder) {
  const path = join(folder, 'config.json');
  const text = readFileSync(path, 'utf8');
  try {
    return parseConfig(text);
  } catch (cause) {
    throw new Error(`${path}: ${cause instanceof Error ? cause.message : 'cannot be read'}`, { cause });
  }
}

/**
 * @param {string} text
 * @returns {FunctionConfig}
 */
function parseConfig(text) {
  // DevTools does not read a file that starts with a byte order mark.
  if (text.startsWith('\uFEFF')) throw new Error('must not start with a byte order mark');
  const config = /** @type {FunctionConfig} */ ({ triggers: [], ...JSON.parse(text) });
  const problem = findProblem(config);
  if (problem) throw new Error(problem);
  return config;
}

/** @param {FunctionConfig} config */
function findProblem({ timeout, triggers }) {
  // Unset means 3 s or 5 s, depending on who deploys.
  if (!Number.isInteger(timeout) || timeout < 1 || timeout > 60) return '"timeout" must be 1 to 60 whole seconds';
  if (!Array.isArray(triggers)) return '"triggers" must be a list';
  if (triggers.length > 1) return 'the platform takes one trigger per function';
  return triggers.map(findTriggerProblem).find((problem) => problem !== undefined);
}

/** @param {Trigger} trigger */
function findTriggerProblem({ name, type, config }) {
  if (!TRIGGER_NAME.test(name)) return 'a trigger name is a letter, then up to 59 letters, digits, - or _';
  if (type !== 'timer') return 'the only type of trigger is "timer"';
  if (typeof config !== 'string' || config.trim().split(/\s+/).length !== CRON_FIELDS) {
    return 'a timer has seven fields: second minute hour day month week year';
  }
  return undefined;
}

/**
 * The `package.json` that is uploaded with a function: nothing to install but the SDK, at the version tested.
 * @param {string} name
 * @param {{ version: string, sdk: string }} versions
 */
export function functionManifest(name, { version, sdk }) {
  return { name, version, private: true, main: 'index.js', dependencies: { 'wx-server-sdk': sdk } };
}

/**
 * What the CloudBase CLI (`tcb fn deploy`) reads; paths are relative to the file.
 * @param {readonly NamedConfig[]} functions
 */
export function cloudbaserc(functions) {
  return {
    version: '2.0',
    envId: '{{env.ENV_ID}}',
    functionRoot: './cloudfunctions',
    functions: functions.map(({ name, config }) => ({
      name,
      handler: 'index.main',
      runtime: RUNTIME,
      timeout: config.timeout,
      ...(config.memorySize === undefined ? {} : { memorySize: config.memorySize }),
      installDependency: true,
      triggers: config.triggers,
    })),
  };
}

/** What WeChat DevTools reads; without `cloudfunctionRoot` its upload menu is absent. */
export function projectConfig() {
  return { projectname: 'wx-durable', appid: '', compileType: 'miniprogram', cloudfunctionRoot: 'cloudfunctions/' };
}
