import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build, type BuildOptions } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEmulator } from '../../src/emulator/index.ts';
import { openPage, servePage } from '../support/pages.ts';

const TEXT = readFileSync('docs/local-cloud.md', 'utf8');
const HELLO = `exports.main = async ({ to }) => ({ said: '你好，' + to });`;

const folder = mkdtempSync(join(tmpdir(), 'wx-durable-docs-'));

beforeAll(() => {
  mkdirSync(join(folder, 'cloudfunctions/hello'), { recursive: true });
  writeFileSync(join(folder, 'cloudfunctions/hello/index.js'), HELLO);
  writeFileSync(join(folder, 'note.txt'), 'milk');
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The example whose first line names this file, bundled with the doors as they are in the source. */
async function example(file: string, options: BuildOptions): Promise<string> {
  const contents = new RegExp(`^\`\`\`js\\n(// ${file}\\n[\\s\\S]*?)^\`\`\`$`, 'm').exec(TEXT)?.[1];
  if (contents === undefined) throw new Error(`the page shows no ${file}`);
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: resolve('.') },
    alias: {
      'wx-durable/emulator/wx': resolve('src/emulator/wx/index.ts'),
      'wx-durable/emulator': resolve('src/emulator/index.ts'),
    },
    bundle: true,
    format: 'esm',
    write: false,
    ...options,
  });
  return outputFiles?.[0]?.text ?? '';
}

test('the example for Node prints what a function says, what a file holds, and how a lost connection fails', async () => {
  copyFileSync('src/emulator/functions/worker.cjs', join(folder, 'worker.cjs'));
  writeFileSync(join(folder, 'phone.mjs'), await example('phone\\.mjs', { platform: 'node', packages: 'external' }));
  const { stdout } = await promisify(execFile)(process.execPath, ['phone.mjs'], { cwd: folder });
  expect(stdout.trim().split('\n')).toEqual([
    "{ said: '你好，世界' }",
    'milk',
    '-601003 cloud.callFunction:fail request:fail net::ERR_INTERNET_DISCONNECTED',
  ]);
});

test('the example for a page shows in a browser what a function says', async () => {
  const script = await example('page\\.js', { platform: 'browser' });
  let url = '';
  const origin = await servePage(() => script.replace('http://127.0.0.1:8360', url));
  const functionsDir = join(folder, 'cloudfunctions');
  const emulator = await createEmulator({ dir: join(folder, 'data'), functionsDir, allowedOrigins: [origin] });
  url = emulator.url;
  try {
    const page = await openPage(origin);
    await page.waitForFunction('document.body.textContent !== ""');
    expect(await page.textContent('body')).toBe('你好，世界');
  } finally {
    await emulator.close();
  }
});
