import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { buildFunctions } from '../../scripts/build/functions.mjs';
import { functionChecks, MAX_BUNDLE_BYTES, MAX_FOLDER_BYTES } from '../../scripts/check-package/functions.mjs';
import { plantProject } from './planted-project.ts';

const LATER = 'cloudfunctions/hello/later.ts';
const roots: string[] = [];

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

async function build(files?: Readonly<Record<string, string>>) {
  const where = plantProject(files);
  roots.push(where.root);
  const outputs = await buildFunctions(where);
  const path = (file: string) => join(where.outDir, file);
  return { ...where, outputs, path, readJson: (file: string) => JSON.parse(readFileSync(path(file), 'utf8')) };
}

/** What the checks say of a build, without those that are content. */
async function complaints(root: string): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const { title, run } of functionChecks(root)) {
    const problems = await run();
    if (problems.length > 0) found[title] = problems;
  }
  return found;
}

describe('a built function', () => {
  test('is one CommonJS file that loads beside the installed SDK and answers', async () => {
    const { outputs, path } = await build();
    const file = path('cloudfunctions/hello/index.js');
    const { main } = createRequire(file)(file) as { main: () => Promise<string> };
    expect(await main()).toBe('hello function');
    expect(outputs).toEqual([{ what: 'cloudfunctions/hello', bytes: readFileSync(file).length, inputs: 4 }]);
  });

  test('installs the SDK of our own package.json and nothing else', async () => {
    const { readJson } = await build();
    expect(readJson('cloudfunctions/hello/package.json')).toEqual({
      name: 'hello',
      version: '1.2.3',
      private: true,
      main: 'index.js',
      dependencies: { 'wx-server-sdk': '4.0.2' },
    });
  });

  test('carries the licences of what was bundled into it', async () => {
    const { path } = await build();
    const notices = readFileSync(path('cloudfunctions/hello/THIRD_PARTY_LICENSES.txt'), 'utf8');
    expect(notices).toContain('p-retry 7.1.1 (MIT)');
    expect(notices).toContain('is-network-error');
    expect(notices).not.toContain('wx-server-sdk');
  });

  test('is told to both deployment tools with the same timeout and timer', async () => {
    const { readJson } = await build();
    const triggers = [{ name: 'nightly', type: 'timer', config: '0 0 2 * * * *' }];
    expect(readJson('cloudfunctions/hello/config.json')).toEqual({ timeout: 20, triggers });
    expect(readJson('cloudbaserc.json')).toMatchObject({
      functionRoot: './cloudfunctions',
      functions: [
        {
          name: 'hello',
          handler: 'index.main',
          runtime: 'Nodejs18.15',
          timeout: 20,
          installDependency: true,
          triggers,
        },
      ],
    });
    expect(readJson('project.config.json')).toMatchObject({ cloudfunctionRoot: 'cloudfunctions/' });
  });
});

test.each([
  ['no timeout', '{}', '"timeout" must be'],
  ['a timeout the platform does not take', '{"timeout":61}', '"timeout" must be'],
  ['two triggers', '{"timeout":3,"triggers":[{},{}]}', 'one trigger per function'],
  ['a trigger name with a digit first', trigger({ name: '1st' }), 'a trigger name is a letter'],
  ['another trigger than a timer', trigger({ type: 'cron' }), 'the only type of trigger'],
  ['a timer of five fields', trigger({ config: '0 2 * * *' }), 'seven fields'],
  ['a byte order mark', '\uFEFF{"timeout":3}', 'hello/config.json: must not start with'],
  ['text that is no JSON', '{timeout:3}', 'hello/config.json: '],
])('a config.json with %s stops the build', async (_what, config, reason) => {
  await expect(build({ 'cloudfunctions/hello/config.json': config })).rejects.toThrow(reason);
});

function trigger(change: Record<string, string>): string {
  const timer = { name: 'nightly', type: 'timer', config: '0 0 2 * * * *', ...change };
  return JSON.stringify({ timeout: 3, triggers: [timer] });
}

describe('the checks of what is uploaded', () => {
  test('are content with a function that keeps every rule', async () => {
    const { root } = await build();
    expect(await complaints(root)).toEqual({});
  });

  test.each([
    ['code of the local cloud', 'src/emulator/index.ts', 'belongs to a developer machine'],
    ['code of the command line', 'src/cli/index.ts', 'belongs to a developer machine'],
  ])('find %s in a bundle', async (_what, path, reason) => {
    const { root } = await build({
      [path]: "export const planted = 'planted';",
      'src/greet.ts': `import { planted } from './${path.slice(4)}';\nexport const greet = () => planted;`,
    });
    expect(await complaints(root)).toEqual({ 'hello holds nothing it must not': [`holds ${path}, which ${reason}`] });
  });

  test.each([
    ['mingo', "import { Query } from 'mingo/query';\nexport const greet = () => new Query({});"],
    ['bson', "import { EJSON } from 'bson';\nexport const greet = () => EJSON.stringify({});"],
    ['pureimage', "import { make } from 'pureimage';\nexport const greet = () => make(1, 1);"],
    ['zod/v4/classic', "import { z } from 'zod';\nexport const greet = () => z.string();"],
  ])('find %s in a bundle', async (name, text) => {
    const { root } = await build({ 'src/greet.ts': text });
    const found = await complaints(root);
    expect(found['hello holds nothing it must not']?.join()).toContain(`node_modules/${name}`);
  });

  test('let the mini entry of zod pass', async () => {
    const text = "import * as z from 'zod/mini';\nexport const greet = () => z.string().parse('hello');";
    const { root } = await build({ 'src/greet.ts': text });
    expect(await complaints(root)).toEqual({});
  });

  test('find a bundle that weighs too much', async () => {
    const heavy = `export const greet = () => '${'x'.repeat(MAX_BUNDLE_BYTES)}';`;
    const people = await build({ 'src/greet.ts': heavy, 'cloudfunctions/hello/config.json': '{ "timeout": 20 }' });
    expect(Object.keys(await complaints(people.root))).toEqual([`hello is at most ${MAX_BUNDLE_BYTES / 1_000} kB`]);
    // Nobody waits for what a timer calls, so it may weigh more; not anything.
    const timer = await build({ 'src/greet.ts': heavy });
    expect(await complaints(timer.root)).toEqual({});
    const heavier = await build({ 'src/greet.ts': heavy.replace('xx', 'x'.repeat(MAX_BUNDLE_BYTES)) });
    expect(Object.keys(await complaints(heavier.root))).toContain('hello is at most 120 kB');
  });

  test('find a second file that does not load, and one with which the whole weighs too much', async () => {
    const later = { 'cloudfunctions/hello/config.json': '{ "timeout": 20 }' };
    const main = "export const main = async () => (await import('./later.ts')).word;";
    const sound = await build({ ...later, 'cloudfunctions/hello/index.ts': main, [LATER]: "export const word = 'a';" });
    expect(await complaints(sound.root)).toEqual({});
    expect(sound.outputs[0]).toMatchObject({ what: 'cloudfunctions/hello', laterBytes: expect.any(Number) });
    const file = sound.path('cloudfunctions/hello/index.js');
    expect(await (createRequire(file)(file) as { main: () => Promise<string> }).main()).toBe('a');
    const text = `export const word = '${'x'.repeat(MAX_FOLDER_BYTES)}';`;
    const heavy = await build({ ...later, 'cloudfunctions/hello/index.ts': main, [LATER]: text });
    expect(Object.keys(await complaints(heavy.root))).toEqual([
      `hello is at most ${MAX_FOLDER_BYTES / 1_000} kB in all`,
    ]);
    const broken = await build({
      ...later,
      'cloudfunctions/hello/index.ts': main,
      [LATER]: "throw new Error('broken');",
    });
    await expect(complaints(broken.root)).rejects.toThrow('broken');
  });

  test('find a second dependency, another version and a timeout that differs', async () => {
    const { root, path, readJson } = await build();
    const manifest = path('cloudfunctions/hello/package.json');
    writeFileSync(manifest, JSON.stringify({ main: 'index.js', dependencies: { 'wx-server-sdk': '^4.0.2' } }));
    const cloudbaserc = readJson('cloudbaserc.json');
    cloudbaserc.functions[0].timeout = 3;
    writeFileSync(path('cloudbaserc.json'), JSON.stringify(cloudbaserc));
    expect(await complaints(root)).toEqual({
      'hello installs the pinned SDK and nothing else': ['"dependencies" is {"wx-server-sdk":"^4.0.2"}'],
      'hello is deployed alike by both tools': ['timeout is 3 in cloudbaserc.json, 20 in config.json'],
    });
  });

  test('find a function without main', async () => {
    const { root } = await build({ 'cloudfunctions/hello/index.ts': 'export const mian = () => 1;' });
    expect(await complaints(root)).toEqual({
      // Its one input is the whole bundle, so nothing else can be wrong with it.
      'hello loads and exports main': ['exports no function main'],
    });
  });

  test('do not pass when nothing was built', async () => {
    const { root, path } = await build();
    rmSync(path('cloudfunctions/hello'), { recursive: true });
    expect(Object.keys(await complaints(root))).toEqual(['there is a function to upload']);
  });
});
