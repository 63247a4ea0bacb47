import { cpSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildCli } from '../../scripts/build/cli.mjs';
import { buildFunctions } from '../../scripts/build/functions.mjs';

/** Where a whole run of the tests has built what is shipped, just before; unset, each who needs it builds it anew. */
const BUILT = process.env['WX_DURABLE_BUILT'];

/** Puts the cloud functions into this folder, as they are uploaded. */
export const placeFunctions = (outDir: string): Promise<void> =>
  place(outDir, { parts: ['cloudfunctions', 'cloudbaserc.json', 'project.config.json'], build: buildFunctions });

/** Puts the command line into this folder, as it is shipped. */
export const placeCli = (outDir: string): Promise<void> => place(outDir, { parts: ['cli'], build: buildCli });

/** Lets what stands in this folder find the SDK: the installed one, or where it was gathered, the same in one file. */
export const placeSdk = (folder: string): void =>
  symlinkSync(
    BUILT === undefined ? resolve('node_modules') : join(BUILT, 'sdk/node_modules'),
    join(folder, 'node_modules'),
  );

interface Placing {
  readonly parts: readonly string[];
  readonly build: (where: { readonly root: string; readonly outDir: string }) => Promise<unknown>;
}

async function place(outDir: string, { parts, build }: Placing): Promise<void> {
  if (BUILT === undefined) await build({ root: resolve('.'), outDir });
  else for (const part of parts) cpSync(join(BUILT, part), join(outDir, part), { recursive: true });
}
