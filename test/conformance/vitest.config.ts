import { createRequire } from 'node:module';
import { join, resolve, sep } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';

/**
 * Runs the database suite that the vendor ships inside `@cloudbase/node-sdk@2.10.0`, from where npm put it, against
 * the local cloud. Nothing of it is copied. `WX_DURABLE_SDK=3.17.2` puts the newer SDK behind the same cases.
 */
const suite = resolve('node_modules/cloudbase-node-sdk-2');
const require = createRequire(import.meta.url);

/** The SDK under test, in its published build: the suite imports the sources that this build was made of. */
function sdkEntry(): string {
  if (process.env['WX_DURABLE_SDK'] !== '3.17.2') return join(suite, 'lib/index.js');
  const fromSdk = createRequire(require.resolve('wx-server-sdk'));
  const { version } = fromSdk('@cloudbase/node-sdk/package.json') as { version: string };
  if (version !== '3.17.2') throw new Error(`wx-server-sdk brings node-sdk ${version}, not 3.17.2`);
  return fromSdk.resolve('@cloudbase/node-sdk');
}

/** What the suite expects to be told, and jest's leniency towards it. */
const adapter: Plugin = {
  name: 'vendor-suite',
  enforce: 'pre',
  resolveId(source, importer = '') {
    if (!importer.startsWith(suite + sep)) return null;
    if (/^(\.\.\/)+src(\/index)?$/.test(source)) return sdkEntry();
    if (/config\.local$/.test(source)) return resolve('test/conformance/account.ts');
    // Assertions that explain themselves better; otherwise Node's own.
    if (source === 'power-assert') return resolve('test/conformance/assert.ts');
    return null;
  },
  transform(code, id) {
    if (!id.startsWith(join(suite, 'test') + sep)) return null;
    // TypeScript 3 let a namespace be called; a module's namespace cannot.
    return code.replace("import * as assert from 'power-assert'", "import assert from 'power-assert'");
  },
};

export default defineConfig({
  plugins: [adapter],
  root: resolve('.'),
  test: {
    dir: join(suite, 'test/database'),
    include: ['**/*.test.ts'],
    exclude: [],
    globals: true,
    globalSetup: [resolve('test/conformance/local-cloud.ts')],
    setupFiles: [resolve('test/conformance/connect.ts')],
    // One account for all files, so one after the other; nothing in the suite keeps state in a module.
    fileParallelism: false,
    isolate: false,
    testTimeout: 60_000,
    server: { deps: { inline: [/cloudbase-node-sdk-2\/test/, /@cloudbase\/database\/src/] } },
    silent: 'passed-only',
    reporters: [['default', { summary: false }]],
  },
});
