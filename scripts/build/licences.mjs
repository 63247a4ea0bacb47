import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** Beside every output that holds other people's code lies a file of this name. */
export const NOTICE_FILE = 'THIRD_PARTY_LICENSES.txt';

const LICENCE_TEXT = /^(licen[sc]e|notice)([.-].*)?$/i;

/**
 * The folders of the packages that bundled files come from, without repetition. Nested installations count
 * as packages of their own.
 * @param {Iterable<string>} inputs
 */
export function packageFolders(inputs) {
  /** @type {Set<string>} */
  const folders = new Set();
  for (const input of inputs) {
    const path = input.split(sep).join('/');
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (found?.[1]) folders.add(found[1]);
  }
  return [...folders].sort();
}

/**
 * Writes the licences of all bundled packages beside the output, as those licences ask. Throws when a package
 * carries none: its code may not be shipped.
 * @param {string} outDir
 * @param {{ root: string, inputs: Iterable<string> }} source
 */
export function writeNotices(outDir, { root, inputs }) {
  const notices = packageFolders(inputs).map((folder) =>
    noticeOf(folder.startsWith('/') ? folder : join(root, folder)),
  );
  if (notices.length > 0) writeFileSync(join(outDir, NOTICE_FILE), notices.join(`\n${'-'.repeat(80)}\n\n`));
}

/** @param {string} folder */
function noticeOf(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder)
    .filter((file) => LICENCE_TEXT.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  if (texts.length === 0) throw new Error(`${manifest.name} carries no licence text, so it cannot be bundled`);
  return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${texts.join('\n\n')}\n`;
}
