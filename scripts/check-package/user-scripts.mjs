import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The package as a user has it: the folder it is installed in, the names of its doors, and its version.
 * @typedef {{ user: string, doors: readonly string[], version: string }} Installed
 */

const FAIL_IF_EMPTY = "if (Object.keys(door).length === 0) throw new Error('the door is empty');";

/**
 * A user's script that opens these doors, in both module systems.
 * @param {readonly string[]} doors
 */
export function doorScripts(doors) {
  const each = (/** @type {(door: string) => string} */ open) =>
    doors.map((door) => `{ const door = ${open(`'${door}'`)}; ${FAIL_IF_EMPTY} }`).join('\n');
  return {
    asCommonJs: each((door) => `require(${door})`),
    asModule: each((door) => `await import(${door})`),
  };
}

/**
 * A user's script that starts the local cloud, in both module systems: its worker file must lie where the bundle
 * looks for it, and the query operators, which register themselves, must not have been shaken off.
 * @param {string} user
 */
export function localCloudScripts(user) {
  const folder = join(user, 'functions/echo');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.js'), 'exports.main = async (event) => ({ twice: event.n * 2 });\n');
  writeFileSync(join(folder, 'config.json'), '{ "timeout": 5 }\n');
  const script = (/** @type {string} */ load, /** @type {string} */ dir) => `${load}
    (async () => {
      const emulator = await createEmulator({ dir: '${dir}', functionsDir: 'functions' });
      const answer = await emulator.invoke('echo', { n: 21 });
      if (answer.result?.twice !== 42) throw new Error(JSON.stringify(answer));
      const wx = createWx({ url: emulator.url, openid: 'oUser' });
      wx.cloud.init();
      const called = await wx.cloud.callFunction({ name: 'echo', data: { n: 4 } });
      if (called.result?.twice !== 8) throw new Error(JSON.stringify(called));
      const address = emulator.url + '/_emulator/collections/works';
      await fetch(address, { method: 'PUT', body: '{"_id":"a","n":1}\\n{"_id":"b","n":2}\\n' });
      const query = { action: 'database.getDocument', collectionName: 'works', query: '{"n":{"$gt":1}}' };
      const found = await fetch(emulator.url + '/admin', { method: 'POST', body: JSON.stringify(query) });
      const { data } = await found.json();
      const ids = data.list.map((text) => JSON.parse(text)._id).join();
      if (ids !== 'b') throw new Error('the query found ' + ids);
      await emulator.close();
    })();`;
  return {
    asCommonJs: script(
      "const { createEmulator } = require('wx-durable/emulator'); const { createWx } = require('wx-durable/emulator/wx');",
      'data-cjs',
    ),
    asModule: script(
      "import { createEmulator } from 'wx-durable/emulator'; import { createWx } from 'wx-durable/emulator/wx';",
      'data-esm',
    ),
  };
}
