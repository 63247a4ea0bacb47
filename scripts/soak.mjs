// `npm run soak [-- SECONDS] [--json]`: mixed load on the local cloud through the real SDK, with kill -9 every 2 seconds and
// everything checked after each; 60 seconds unless told otherwise. `npm test` runs the same for 6. `--json` ends with one
// line of what was counted.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const [seconds = '60'] = positionals;
if (!/^[1-9]\d*$/.test(seconds)) {
  console.error('usage: npm run soak [-- SECONDS] [--json]');
  process.exit(3);
}
const scratch = mkdtempSync(join(tmpdir(), 'wx-durable-soak-'));
const file = join(scratch, 'counted.json');
const { status } = spawnSync(join('node_modules', '.bin', 'vitest'), ['run', 'test/emulator/kill-nine.test.ts'], {
  // With --json, standard output is for the JSON.
  stdio: ['inherit', values.json ? process.stderr.fd : 'inherit', 'inherit'],
  env: { ...process.env, WX_DURABLE_SOAK_SECONDS: seconds, WX_DURABLE_SOAK_FILE: file },
});
if (values.json && existsSync(file)) console.log(readFileSync(file, 'utf8'));
rmSync(scratch, { recursive: true });
process.exit(status ?? 1);
