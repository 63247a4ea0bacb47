import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach } from 'vitest';
import { CHROMIUM, ensureBrowser } from '../../scripts/test/browser.mjs';

let browser: Browser | undefined;
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
});

afterAll(() => browser?.close());

/** Serves one page at an origin of its own, with what `script` answers as its only script; closed after the test. */
export async function servePage(script: () => string): Promise<string> {
  const server = createServer((_request, response) => {
    const html = `<!doctype html><meta charset="utf-8"><title>page</title><script type="module">${script()}</script>`;
    response.writeHead(200, { 'content-type': 'text/html', connection: 'close' }).end(html);
  });
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** A page in a real browser, in a profile of its own. */
export async function openPage(origin: string): Promise<Page> {
  ensureBrowser();
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  const page = await browser.newPage();
  await page.goto(origin);
  return page;
}

/** `contents` as one script that browsers run; fails where it needs anything that a browser lacks. */
export async function bundleForBrowser(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: '.', loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format: 'esm',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
