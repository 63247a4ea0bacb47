import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.ts';
import { openEmulator, temporaryFolder, type Json } from './harness.ts';

/** A project with one function, `probe`, and a local cloud that runs it. */
async function open(source: string, options: { readonly functionEnv?: Record<string, string> } = {}) {
  const project = temporaryFolder();
  symlinkSync(resolve('node_modules'), join(project, 'node_modules'));
  mkdirSync(join(project, 'functions/probe'), { recursive: true });
  const write = (path: string, text: string) => writeFileSync(join(project, path), text);
  write('functions/probe/index.js', source);
  const emulator = await openEmulator({ functionsDir: join(project, 'functions'), ...options });
  /** What `cloudbaserc.json` says of the function. */
  const deploy = (settings: Json) =>
    write('cloudbaserc.json', JSON.stringify({ functions: [{ name: 'other' }, { name: 'probe', ...settings }] }));
  return { emulator, project, write, deploy };
}

async function result(emulator: Emulator, event: unknown = {}): Promise<unknown> {
  const answer = await emulator.invoke('probe', event);
  return 'result' in answer ? answer.result : answer;
}

const version = (name: string) => `let served = 0; exports.main = async () => ['${name}', ++served];`;

describe('code that is built anew', () => {
  test('counts at the next call, with a cold start', async () => {
    const { emulator, write } = await open(version('old'));
    expect(await result(emulator)).toEqual(['old', 1]);
    expect(await result(emulator)).toEqual(['old', 2]);
    write('functions/probe/index.js', version('newer'));
    expect(await result(emulator)).toEqual(['newer', 1]);
    expect(await result(emulator)).toEqual(['newer', 2]);
  });

  test('counts also where it is a file that index.js requires, even late', async () => {
    const source = `let served = 0;
      exports.main = async ({ late }) => [require('./lib.js'), late ? require('./late.js') : null, ++served];`;
    const { emulator, write } = await open(source);
    write('functions/probe/lib.js', `module.exports = 'one';`);
    write('functions/probe/late.js', `module.exports = 'early';`);
    expect(await result(emulator)).toEqual(['one', null, 1]);
    expect(await result(emulator, { late: true })).toEqual(['one', 'early', 2]);
    write('functions/probe/lib.js', `module.exports = 'other';`);
    expect(await result(emulator)).toEqual(['other', null, 1]);
    expect(await result(emulator, { late: true })).toEqual(['other', 'early', 2]);
    write('functions/probe/late.js', `module.exports = 'changed';`);
    expect(await result(emulator, { late: true })).toEqual(['other', 'changed', 1]);
  });

  test('retires every idle instance of the code before', async () => {
    const { emulator, write } = await open(
      `let served = 0; exports.main = async () => { await new Promise((done) => setTimeout(done, 50)); return ++served; };`,
    );
    await Promise.all([result(emulator), result(emulator), result(emulator)]);
    write('functions/probe/index.js', version('new'));
    expect(await Promise.all([result(emulator), result(emulator)])).toEqual([
      ['new', 1],
      ['new', 1],
    ]);
  });

  test('that is not there for a moment is a missing function, and is found when it is back', async () => {
    const { emulator, project, write } = await open(version('old'));
    await result(emulator);
    rmSync(join(project, 'functions/probe/index.js'));
    expect(await result(emulator)).toMatchObject({ errCode: -501000 });
    write('functions/probe/index.js', version('back'));
    expect(await result(emulator)).toEqual(['back', 1]);
  });
});

const ENVIRONMENT = `exports.main = async ({ names }) => Object.fromEntries(names.map((name) => [name, process.env[name]]));`;

describe('cloudbaserc.json', () => {
  test('gives a function its variables, and a change of them counts at the next call', async () => {
    const { emulator, deploy } = await open(ENVIRONMENT);
    deploy({ envVariables: { MODE: 'one', LIMIT: 3 } });
    expect(await result(emulator, { names: ['MODE', 'LIMIT'] })).toEqual({ MODE: 'one', LIMIT: '3' });
    deploy({ envVariables: { MODE: 'two' } });
    expect(await result(emulator, { names: ['MODE', 'LIMIT'] })).toEqual({ MODE: 'two' });
  });

  test('what the deployment would fill in is left out, and the platform is named by nobody else', async () => {
    const { emulator, deploy } = await open(ENVIRONMENT);
    deploy({
      envVariables: { SECRET: '{{env.SECRET}}', WX_OPENID: 'oVictim', TCB_ENV: 'mine', SCF_NAMESPACE: 'mine' },
    });
    expect(await result(emulator, { names: ['SECRET', 'WX_OPENID', 'TCB_ENV', 'SCF_NAMESPACE'] })).toEqual({
      TCB_ENV: 'emu-env',
      SCF_NAMESPACE: 'emu-env',
    });
  });

  test('whoever runs the local cloud has the last word', async () => {
    const { emulator, deploy } = await open(ENVIRONMENT, { functionEnv: { MODE: 'mine' } });
    deploy({ envVariables: { MODE: 'theirs' } });
    expect(await result(emulator, { names: ['MODE'] })).toEqual({ MODE: 'mine' });
  });

  test('gives a function its timeout and memory, before config.json does', async () => {
    const { emulator, deploy, write } = await open(
      `exports.main = async (event, context) => [context.time_limit_in_ms, context.memory_limit_in_mb];`,
    );
    expect(await result(emulator)).toEqual([3000, 256]);
    write('functions/probe/config.json', '{ "timeout": 7 }');
    expect(await result(emulator)).toEqual([7000, 256]);
    deploy({ timeout: 20, memorySize: 512 });
    expect(await result(emulator)).toEqual([20_000, 512]);
  });

  test('a broken one is as none', async () => {
    const { emulator, write } = await open(ENVIRONMENT);
    write('cloudbaserc.json', '{ "functions": [');
    expect(await result(emulator, { names: ['MODE'] })).toEqual({});
  });
});
