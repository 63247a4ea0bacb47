/** What a cold start costs over the SDK's own: the function that is uploaded, beside what people would put in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { alternateAll, besideRow, compareRow, report } from './harness.ts';
import { loadOnce } from './load-time.ts';

const ROUNDS = process.argv.includes('--quick') ? 4 : 30;

/** What the peers' functions load; as bundles, since that is what is fastest for them too. */
const PEERS = {
  'Powertools idempotency': `
    const { IdempotencyConfig, makeIdempotent } = require('@aws-lambda-powertools/idempotency');
    const { BasePersistenceLayer } = require('@aws-lambda-powertools/idempotency/persistence');
    class Store extends BasePersistenceLayer {}
    exports.main = makeIdempotent(async () => 0, { persistenceStore: new Store(), config: new IdempotencyConfig({}) });`,
  'p-retry + zod': `
    const { default: retry } = require('p-retry');
    const { z } = require('zod');
    const input = z.object({ prompt: z.string().min(1).max(500), requestId: z.string().optional() });
    exports.main = (event) => retry(async () => input.parse(event), { retries: 2 });`,
} as const;

async function bundle(dir: string, name: string, contents: string): Promise<string> {
  const outfile = join(dir, `${name.replaceAll(/\W+/g, '-')}.cjs`);
  await build({
    stdin: { contents, resolveDir: process.cwd() },
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    logLevel: 'error',
  });
  return outfile;
}

const dir = mkdtempSync(join(tmpdir(), 'wx-durable-bench-'));
try {
  const files: Record<string, string> = { ours: resolve('dist/cloudfunctions/generateImage/index.js') };
  for (const [name, contents] of Object.entries(PEERS)) files[name] = await bundle(dir, name, contents);
  const sdkMs: number[] = [];
  const runs = Object.entries(files).map(([name, file]) => {
    const run = async (round: number): Promise<number> => {
      const { sdk, own } = loadOnce(file);
      if (name === 'ours' && round > 0) sdkMs.push(sdk);
      return own;
    };
    return [name, run] as const;
  });
  const { ours = [], ...peers } = await alternateAll(ROUNDS, Object.fromEntries(runs));
  const whole = { ours: ours.map((own, round) => own + (sdkMs[round] ?? NaN)), peer: sdkMs };
  report('cold-start', [
    ...Object.entries(peers).map(([name, peer]) =>
      besideRow(`load time over the SDK's own; ${name}`, 'ms', { ours, peer }, '<= 8'),
    ),
    // The same as a share, which holds on a busy machine too: 8 ms of the 210 that the SDK takes on an idle one.
    compareRow("load time against the SDK's own", 'ms', whole, '<= 1.04'),
  ]);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
