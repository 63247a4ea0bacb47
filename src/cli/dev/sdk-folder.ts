import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The folder of the wx-server-sdk that is installed in the project of this folder, else beside this program. */
export function findSdkFolder(): string | undefined {
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    try {
      return dirname(createRequire(from).resolve('wx-server-sdk/package.json'));
    } catch {
      // Not there; perhaps at the next place.
    }
  }
  return undefined;
}
