/** A local cloud in a process of its own, in the time of a history; told by its argument, ended by a signal. */
import type { Clock } from '../../src/core/index.ts';
import { createEmulator } from '../../src/emulator/index.ts';
import { openTime, realAfter } from './world-time.cjs';
import type { CloudSettings } from './cloud-settings.ts';

const settings = JSON.parse(process.argv[2] ?? '') as CloudSettings;
const time = openTime(settings.timePath);
const clock: Clock = {
  now: time.now,
  after(delayMs, run) {
    const timer = realAfter(run, time.realMs(delayMs));
    return () => clearTimeout(timer);
  },
};
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
