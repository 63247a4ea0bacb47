/** A local cloud in a process of its own, in the time of a history; told by its argument, ended by a signal. */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { sep } from 'node:path';
import type { Clock } from '../../src/core/index.ts';
import { createEmulator } from '../../src/emulator/index.ts';
import { openTime, realAfter } from './world-time.cjs';
import type { CloudSettings } from './cloud-settings.ts';

// Whoever started it is gone.
process.once('disconnect', () => process.exit());

const settings = JSON.parse(process.argv[2] ?? '') as CloudSettings;
const time = openTime(settings.timePath);
const clock: Clock = {
  now: time.now,
  after(delayMs, run) {
    const timer = realAfter(run, time.realMs(delayMs));
    return () => clearTimeout(timer);
  },
};
// What was in a file that was removed is part of the history: the disk keeps it.
const remove = fs.rm;
fs.rm = async (path, options) => (String(path).includes(`${sep}files${sep}`) ? undefined : remove(path, options));
syncBuiltinESMExports();

const { url } = await createEmulator({
  dir: settings.dir,
  port: settings.port,
  functionsDir: settings.functionsDir,
  functionEnv: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_KEY: settings.key, CHAOS_TIME: settings.timePath },
  clock,
  // A history is judged by its whole log.
  compactAboveBytes: Infinity,
  onConsole: ({ function: name, text }) => process.send?.({ name, text }),
});
process.send?.({ url });
