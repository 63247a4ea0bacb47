import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { placeSdk } from '../support/built.ts';
import { createLocalCloud, type LocalCloud } from '../support/local-cloud.ts';
import { createBuiltCli, type Ended, type Running } from './built-cli.ts';

export interface OpsStageOptions {
  /** More environment variables of the functions. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The command line as it is shipped, in a project folder with the real SDK, beside a local cloud with our functions. */
export type OpsStage = Awaited<ReturnType<typeof createOpsStage>>;

export async function createOpsStage({ env = {} }: OpsStageOptions = {}) {
  const cli = await createBuiltCli();
  placeSdk(cli.folder);
  const cloud = await createLocalCloud({ env: { WX_DURABLE_PROVIDER: 'local', ...env } });
  const start = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Running =>
    cli.start([...args, '--local', cloud.url], more);
  return {
    cli,
    cloud,
    start,
    /** Runs a command on the local cloud to its end. */
    wx: (args: readonly string[], more?: Readonly<Record<string, string>>): Promise<Ended> => start(args, more).ended,
    /** As `wx`, with `--json`; the object on standard output. */
    async json(args: readonly string[], more?: Readonly<Record<string, string>>) {
      const { code, stdout } = await start([...args, '--json'], more).ended;
      return { code, result: JSON.parse(stdout) as Readonly<Record<string, unknown>> };
    },
    /** A file of the project folder, or undefined. */
    file(path: string): string | undefined {
      const full = join(cli.folder, path);
      return existsSync(full) ? readFileSync(full, 'utf8') : undefined;
    },
    async close() {
      await cloud.close();
      cli.remove();
    },
  };
}

/** Everything the library keeps, beside what the local cloud of the tests has from the start. */
export const MORE_COLLECTIONS = ['durable_jobs', 'integrity_reports', 'durable_alerts'] as const;

/** Makes the cloud one where `init` has been run. */
export async function initialise(cloud: LocalCloud): Promise<void> {
  for (const name of MORE_COLLECTIONS) await cloud.load(name, []);
}

/** The environment of a shell that speaks to a real environment which is this local cloud. */
export function asEnvironment(cloud: LocalCloud, secretKey = 'k'.repeat(32)): Record<string, string> {
  return {
    TCB_CONTEXT_CNFG: JSON.stringify({ URL: `${cloud.url}/admin` }),
    TENCENTCLOUD_SECRETID: 'AKIDtest',
    TENCENTCLOUD_SECRETKEY: secretKey,
  };
}

/** Columns of the widest line on a terminal. */
export function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => [...line].reduce((sum, each) => sum + columnsOf(each), 0)));
}

const columnsOf = (character: string): number =>
  /[\u2e80-\uffe6\u{1f300}-\u{1faff}✅❌❓➕]/u.test(character) ? 2 : 1;
