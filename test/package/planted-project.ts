import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const MANIFEST = { name: 'planted', version: '1.2.3', devDependencies: { 'wx-server-sdk': '4.0.2' } };

const HELLO = {
  'package.json': JSON.stringify(MANIFEST),
  'cloudfunctions/hello/index.ts':
    "import cloud from 'wx-server-sdk';\nimport { greet } from '../../src/greet.ts';\nexport const main = () => greet(typeof cloud.init);",
  'cloudfunctions/hello/config.json': JSON.stringify({
    timeout: 20,
    triggers: [{ name: 'nightly', type: 'timer', config: '0 0 2 * * * *' }],
  }),
  'src/greet.ts':
    "import retry from 'p-retry';\nexport const greet = (name: string) => retry(() => Promise.resolve(`hello ${name}`));",
};

/** A project of one small cloud function in a folder of its own, with the installed packages of this one. */
export function plantProject(files: Readonly<Record<string, string>> = {}): { root: string; outDir: string } {
  const root = mkdtempSync(join(tmpdir(), 'wx-durable-planted-'));
  for (const [path, text] of Object.entries({ ...HELLO, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  return { root, outDir: join(root, 'dist') };
}
