// Holds what is in dist/ and in the packed tarball against what was promised. Needs a build.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { functionChecks } from './check-package/functions.mjs';
import { runChecks } from './check-package/run-checks.mjs';
import { pack, tarballChecks } from './check-package/tarball.mjs';

const root = resolve('.');
const scratch = mkdtempSync(join(tmpdir(), 'wx-durable-package-'));
try {
  const packed = await pack(root, scratch);
  const { failed } = await runChecks([...functionChecks(root), ...tarballChecks(packed, scratch)]);
  if (failed > 0) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
