import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Cloud } from '../../store/cloudbase/index.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Language } from '../language.ts';

/** The part of wx-server-sdk that commands use beside documents and files. */
export interface Sdk extends Cloud {
  downloadFile(options: { fileID: string }): unknown;
  init(options: { readonly env: string }): void;
  callFunction(options: { readonly name: string; readonly data: unknown }): Promise<{ readonly result?: unknown }>;
}

export interface LoadedSdk {
  readonly cloud: Sdk;
  readonly version: string;
}

/**
 * The SDK of the project in this folder, else the one beside this program. It is loaded only by the commands that speak
 * to a cloud. Rejects with exit code 6 where there is none.
 */
export function loadSdk(language: Language): LoadedSdk {
  keepStandardOutput();
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    const load = createRequire(from);
    const path = locate(load);
    if (path === undefined) continue;
    const { version } = load('wx-server-sdk/package.json') as { version: string };
    return { cloud: load(path) as Sdk, version };
  }
  throw missing(language);
}

function locate(load: NodeJS.Require): string | undefined {
  try {
    return load.resolve('wx-server-sdk');
  } catch {
    return undefined;
  }
}

// The SDK prints its warnings with console.log; standard output belongs to the result.
function keepStandardOutput(): void {
  console.log = console.error;
  console.info = console.error;
}

function missing(language: Language): CommandFailure {
  const text = {
    zh: '找不到 wx-server-sdk，请先在项目中执行 npm i wx-server-sdk',
    en: 'wx-server-sdk is not installed; run npm i wx-server-sdk in your project',
  };
  return new CommandFailure(exitCodes.file, text[language]);
}
