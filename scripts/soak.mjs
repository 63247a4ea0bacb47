// `npm run soak [-- SECONDS]`: mixed load on the local cloud through the real SDK, with kill -9 every 2 seconds and
// everything checked after each; 60 seconds unless told otherwise. `npm test` runs the same for 6.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const [seconds = '60'] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(seconds)) {
  console.error('usage: npm run soak [-- SECONDS]');
  process.exit(3);
}
const { status } = spawnSync(join('node_modules', '.bin', 'vitest'), ['run', 'test/emulator/kill-nine.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, WX_DURABLE_SOAK_SECONDS: seconds },
});
process.exit(status ?? 1);
