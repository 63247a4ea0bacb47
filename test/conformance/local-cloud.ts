import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { createEmulator } from '../../src/emulator/index.ts';

/** One local cloud for the whole suite, as the vendor's account was one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'wx-durable-conformance-'));
  const cloud = await createEmulator({ dir });
  project.provide('environment', cloud.env);
  return async () => {
    await cloud.close();
    rmSync(dir, { recursive: true, force: true });
  };
}

declare module 'vitest' {
  interface ProvidedContext {
    environment: Record<string, string>;
  }
}
