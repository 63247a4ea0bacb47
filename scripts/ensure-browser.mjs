// Installs the browser that tests of pages drive where it is missing; says the command where it may not.
import { ensureBrowser } from './test/browser.mjs';

try {
  ensureBrowser();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
