'use strict';
// What the local cloud finds as a function's code: the function as it was built, unchanged, in the time of the history,
// and as if newly started in each of them. The SDK stays loaded, since it takes a third of a second and holds no state.
const { basename, join } = require('node:path');
const { moveInto, openTime } = require('./world-time.cjs');

const built = join(__dirname, '../../../built/cloudfunctions', basename(__dirname), 'index.js');
const time = openTime(process.env['CHAOS_TIME'] ?? '');
moveInto(time);

/** @type {{ boot: number, main: (event: unknown, context: unknown) => unknown } | undefined} */
let loaded;

/** @type {(event: unknown, context: unknown) => unknown} */
exports.main = (event, context) => {
  const boot = time.boot();
  if (loaded?.boot !== boot) {
    delete require.cache[built];
    loaded = { boot, main: require(built).main };
  }
  return loaded.main(event, context);
};
