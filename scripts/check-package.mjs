// Holds what is in dist/ and in the packed tarball against what was promised, on this Node and on those that the
// cloud offers. Needs a build.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { surfaceChecks } from './check-package/api-report.mjs';
import { contentChecks, listWeights } from './check-package/contents.mjs';
import { functionChecks } from './check-package/functions.mjs';
import { nodeMatrixChecks } from './check-package/node-matrix.mjs';
import { runChecks } from './check-package/run-checks.mjs';
import { installedPackage, pack, tarballChecks } from './check-package/tarball.mjs';

const root = resolve('.');
const scratch = mkdtempSync(join(tmpdir(), 'wx-durable-package-'));
try {
  const packed = await pack(root, scratch);
  const installed = installedPackage(packed, scratch);
  console.log(listWeights(root, packed.tarball));
  const { failed } = await runChecks([
    ...functionChecks(root),
    ...tarballChecks(packed, installed),
    ...contentChecks(root, installed),
    ...surfaceChecks(root, scratch),
    ...nodeMatrixChecks(installed),
  ]);
  if (failed > 0) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
