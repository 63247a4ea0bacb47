#!/usr/bin/env node
// The integrity report of a cloud, for operators and cron: `wx-durable check` under the name that they know.
//   node scripts/check-data-integrity.js --env-id my-env-123 --read-only
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cli = new URL('../dist/cli/index.js', import.meta.url);

if (existsSync(fileURLToPath(cli))) {
  process.argv.splice(2, 0, 'check');
  await import(cli.href);
} else {
  console.error('命令行尚未构建，请先运行 npm run build (build the command line first)');
  process.exitCode = 6;
}
