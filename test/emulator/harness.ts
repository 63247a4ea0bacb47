import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach } from 'vitest';
import { createEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/index.ts';

const require = createRequire(import.meta.url);

/** The unmodified SDK. It reads the address of its cloud at each request, so one import serves every emulator. */
export const cloud = require('wx-server-sdk');

/** A mapping as it comes out of the SDK. */
export type Json = Record<string, unknown>;

const folders: string[] = [];
const emulators: Emulator[] = [];

afterEach(async () => {
  for (const emulator of emulators.splice(0)) await emulator.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wx-emulator-'));
  folders.push(folder);
  return folder;
}

/** An emulator that the SDK of this process talks to, closed after the test. */
export async function openEmulator(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const emulator = await createEmulator({ dir: temporaryFolder(), ...options });
  emulators.push(emulator);
  Object.assign(process.env, emulator.env);
  cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
  return emulator;
}

/** A collection with documents in it, through the SDK. */
export async function openCollection(name: string, documents: readonly Json[] = []) {
  const database = cloud.database();
  await database.createCollection(name);
  const collection = database.collection(name);
  if (documents.length > 0) await collection.add({ data: documents });
  return collection;
}

/** Functions by name and source, in a folder where they find the SDK. */
export function functionsFolder(sources: Readonly<Record<string, string>>, timeoutSeconds?: number): string {
  const folder = temporaryFolder();
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  for (const [name, source] of Object.entries(sources)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.js'), source);
    if (timeoutSeconds !== undefined)
      writeFileSync(join(folder, name, 'config.json'), JSON.stringify({ timeout: timeoutSeconds }));
  }
  return folder;
}

/** What the SDK says of a call that fails. */
export interface Failure {
  readonly errCode: unknown;
  readonly code: unknown;
  readonly message: string;
}

/** The failure of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    const { errCode, code, message } = error as Failure;
    return { errCode, code, message };
  }
  throw new Error('the call succeeded');
}

/** Sends a request of the SDK's protocol by hand. */
export async function admin(emulator: Emulator, body: unknown): Promise<Json> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${emulator.url}/admin`, { method: 'POST', body: text });
  return (await response.json()) as Json;
}

/** The documents of a collection as they lie in the emulator. */
export async function stored(emulator: Emulator, name: string): Promise<Json[]> {
  return readLines(`${emulator.url}/_emulator/collections/${name}`);
}

/** The entries of the commit log. */
export async function commitLog(emulator: Emulator): Promise<Json[]> {
  return readLines(`${emulator.url}/_emulator/log`);
}

async function readLines(url: string): Promise<Json[]> {
  const text = await (await fetch(url)).text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json);
}
