// `npm run api`: writes what every door of the package exports into etc/. A change of the surface is then seen in
// review; `npm test` fails on one that was not written down. Needs a build of the library.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeReports } from './check-package/api-report.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'wx-durable-api-'));
try {
  for (const path of writeReports(resolve('.'), scratch)) console.log(path);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
