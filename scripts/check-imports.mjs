// Holds every import of src/ and cloudfunctions/ against the table of rooms in check-imports/rules.mjs.
// `node scripts/check-imports.mjs [root]` prints one line per breach and a count, and fails unless there is none.
import { resolve } from 'node:path';
import { findViolations } from './check-imports/judge.mjs';
import { scanFiles } from './check-imports/scan.mjs';

const root = resolve(process.argv[2] ?? '.');
const files = scanFiles(root, ['src', 'cloudfunctions']);
const violations = findViolations(files);
const imports = files.reduce((sum, file) => sum + file.imports.length, 0);

for (const violation of violations) console.error(violation);
console.log(`check-imports: ${files.length} files, ${imports} imports, ${violations.length} violations`);
// A check that saw nothing says nothing: no files is a failure too.
if (files.length === 0 || violations.length > 0) process.exitCode = 1;
