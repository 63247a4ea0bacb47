import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

/** @typedef {import('./run-checks.mjs').Check} Check */
/**
 * A door of the package: its name, and its declarations.
 * @typedef {{ name: string, types: string }} Door
 */

const SILENT = { default: { logLevel: ExtractorLogLevel.None } };

/**
 * The doors that package.json names, with the declarations an importer gets.
 * @param {string} root
 * @returns {Door[]}
 */
export function listDoors(root) {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.entries(exports).flatMap(([door, { import: target }]) =>
    target?.types ? [{ name: door === '.' ? 'index' : door.slice(2).replaceAll('/', '-'), types: target.types }] : [],
  );
}

/**
 * The checks of the package's surface: what each door exports is what its report in `etc` says, word for word.
 * @param {string} root
 * @param {string} scratch
 * @returns {Check[]}
 */
export function surfaceChecks(root, scratch) {
  const doors = listDoors(root);
  return [
    { title: 'there is a report of every door, and of no other', run: () => findStrayReports(root, doors) },
    ...doors.map((door) => ({
      title: `the surface of ${door.name} is the one in ${reportPath(door)}`,
      run: () => findDrift(root, { door, scratch }),
    })),
  ];
}

/** @param {Door} door */
const reportPath = ({ name }) => join('etc', `${name}.api.md`);

/**
 * @param {string} root
 * @param {readonly Door[]} doors
 */
function findStrayReports(root, doors) {
  if (doors.length === 0) return ['package.json names no door with types'];
  const wanted = doors.map(reportPath);
  const found = existsSync(join(root, 'etc')) ? readdirSync(join(root, 'etc')).map((file) => join('etc', file)) : [];
  return [
    ...wanted.filter((path) => !found.includes(path)).map((path) => `${path} is missing; \`npm run api\` writes it`),
    ...found.filter((path) => !wanted.includes(path)).map((path) => `${path} belongs to no door; remove it`),
  ];
}

/**
 * @param {string} root
 * @param {{ door: Door, scratch: string }} what
 */
function findDrift(root, { door, scratch }) {
  const kept = join(root, reportPath(door));
  const before = existsSync(kept) ? readFileSync(kept, 'utf8') : '';
  const now = describeSurface(root, door, scratch);
  if (now === before) return [];
  return [
    `what this door exports has changed. Where that is on purpose, run \`npm run api\` and commit ${reportPath(door)};`,
    'a user who upgrades meets every one of these lines:',
    ...diffLines(before, now),
  ];
}

/**
 * Lines that only one of two texts has, in order, as far as a person reads them.
 * @param {string} before
 * @param {string} now
 */
function diffLines(before, now) {
  const only = (/** @type {string} */ text, /** @type {string} */ other) => {
    const known = new Set(other.split('\n'));
    return text.split('\n').filter((line) => !known.has(line));
  };
  return [...only(before, now).map((line) => `- ${line}`), ...only(now, before).map((line) => `+ ${line}`)].slice(
    0,
    40,
  );
}

/**
 * Writes the reports of all doors; answers their paths.
 * @param {string} root
 * @param {string} scratch
 */
export function writeReports(root, scratch) {
  mkdirSync(join(root, 'etc'), { recursive: true });
  return listDoors(root).map((door) => {
    writeFileSync(join(root, reportPath(door)), describeSurface(root, door, scratch));
    return reportPath(door);
  });
}

/**
 * Everything that a door exports and what it is made of, sorted and in one form, so that only a change of the
 * surface changes the text.
 * @param {string} root
 * @param {Door} door
 * @param {string} scratch
 */
function describeSurface(root, door, scratch) {
  const folder = join(scratch, 'api');
  mkdirSync(folder, { recursive: true });
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  const entry = join(root, door.types);
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: entry,
      newlineKind: 'lf',
      compiler: { overrideTsconfig: { compilerOptions, files: [entry] } },
      apiReport: {
        enabled: true,
        reportFolder: folder,
        reportTempFolder: folder,
        reportFileName: `${door.name}.api.md`,
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: { extractorMessageReporting: SILENT, tsdocMessageReporting: SILENT },
    },
  });
  /** @type {string[]} */
  const errors = [];
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback(message) {
      if (message.logLevel === ExtractorLogLevel.Error) errors.push(message.text);
      // It would also tell that it wrote a file, and which compiler it brought.
      message.handled = true;
    },
  });
  if (errors.length > 0) throw new Error(errors.join('\n'));
  return readFileSync(join(folder, `${door.name}.api.md`), 'utf8');
}
