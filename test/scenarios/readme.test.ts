import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codes, codeFacts } from '../../src/core/index.ts';
import { createEmulator, type Emulator } from '../../src/emulator/index.ts';
import { placeFunctions } from '../support/built.ts';

const run = promisify(execFile);
const READMES = ['README.md', 'README.zh-CN.md'] as const;

interface Block {
  readonly language: string;
  readonly text: string;
}

function blocksOf(file: string): readonly Block[] {
  const fenced = readFileSync(file, 'utf8').matchAll(/^```(js|ts|sh|json)\n([\s\S]*?)^```$/gm);
  return [...fenced].map(([, language = '', text = '']) => ({ language, text }));
}

const BLOCKS = blocksOf('README.md');

/** The example whose first line names this file. */
function example(path: string): string {
  const block = BLOCKS.find(({ text }) => text.startsWith(`// ${path}\n`));
  if (!block) throw new Error(`the README shows no ${path}`);
  return block.text;
}

/** The settings that a folder has beside its function. */
function settings(containing: string): string {
  const block = BLOCKS.find(({ language, text }) => language === 'json' && text.includes(containing));
  if (!block) throw new Error(`the README has no settings with ${containing}`);
  return block.text;
}

/** The shell commands of the block that contains this text, as a reader pastes them. */
function commands(containing: string): string {
  const block = BLOCKS.find(({ language, text }) => language === 'sh' && text.includes(containing));
  if (!block) throw new Error(`the README has no command with ${containing}`);
  return block.text;
}

describe.each(READMES)('%s', (file) => {
  test('has a heading for every error code, and for nothing else, in the order of the table', () => {
    const headings = [...readFileSync(file, 'utf8').matchAll(/^### `([A-Z_]+)`$/gm)].map(([, code]) => code);
    expect(headings).toEqual(codes);
  });

  test('says under each heading what to do', () => {
    const sections = readFileSync(file, 'utf8').split(/^### /m).slice(-codes.length);
    for (const section of sections) expect(section.split('\n').slice(1).join('').length).toBeGreaterThan(12);
  });

  test('explains every category that a code has', () => {
    const text = readFileSync(file, 'utf8');
    for (const code of codes) expect(text).toMatch(new RegExp(`^\\| \`${codeFacts(code).category}\``, 'm'));
  });
});

test('both languages show the same code', () => {
  expect(blocksOf('README.zh-CN.md')).toEqual(BLOCKS);
});

/** Headings by their level, and rows by the names in them: what a translation has in common with its original. */
function outlineOf(file: string): readonly string[] {
  const prose = readFileSync(file, 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
  const lines = prose.split('\n').filter((line) => /^(#{1,3} |\d\. |\|)/.test(line));
  return lines.map((line) => {
    const [mark = ''] = /^(#+|\d\.|\|)/.exec(line) ?? [];
    const names = line.startsWith('|') ? [...line.matchAll(/`([^`]+)`/g)].map(([, name]) => name) : [];
    return [mark, ...names].join(' ');
  });
}

test('both languages have the same headings, steps and tables', () => {
  expect(outlineOf('README.zh-CN.md')).toEqual(outlineOf('README.md'));
});

describe('the examples, pasted as they are printed', () => {
  let folder: string;
  let cloud: Emulator;

  const write = (path: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), example(path));
  };
  const paste = async (text: string): Promise<readonly string[]> => {
    const script = text.replaceAll('http://127.0.0.1:8360', cloud.url).replaceAll('curl ', 'curl -sS -w "\\n" ');
    const { stdout } = await run('sh', ['-ec', script]);
    return stdout.split('\n').filter(Boolean);
  };

  const dump = async (collection: string): Promise<readonly unknown[]> => {
    const lines = await paste(`curl http://127.0.0.1:8360/_emulator/collections/${collection}`);
    return lines.map((line) => JSON.parse(line) as unknown);
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wx-durable-readme-'));
    mkdirSync(join(folder, 'node_modules'));
    for (const name of ['wx-server-sdk', 'vitest']) {
      symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
    }
    symlinkSync(resolve('.'), join(folder, 'node_modules/wx-durable'));
    await placeFunctions(folder);
    write('cloudfunctions/notes/index.js');
    write('cloudfunctions/orders/index.js');
    write('cloudfunctions/recoverOrders/index.js');
    writeFileSync(join(folder, 'cloudfunctions/recoverOrders/config.json'), settings('"triggers"'));
    write('test/notes.test.ts');
    cloud = await createEmulator({
      dir: join(folder, 'data'),
      functionsDir: join(folder, 'cloudfunctions'),
      functionEnv: { WX_DURABLE_PROVIDER: 'local' },
    });
    for (const name of ['users', 'works', 'orders', 'emergency_backup', 'durable_jobs', 'durable_alerts']) {
      await fetch(`${cloud.url}/_emulator/collections/${name}`, { method: 'PUT', body: '' });
    }
  });

  afterAll(async () => {
    await cloud.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a note is saved once, also when an answer gets lost, and the caller learns the truth', async () => {
    const saved = await paste(commands('collections/notes -d'));
    expect(saved.join('\n')).toContain('"status":"stored"');
    expect(JSON.parse(saved.at(-1) ?? '')).toMatchObject({ _id: 'oAnna_1', text: 'milk' });
    const again = await paste(commands('"inject":"reset-after"'));
    expect(again.at(-1)).toContain('"status":"duplicate"');
    expect(await dump('notes')).toHaveLength(2);
    expect(await dump('emergency_backup')).toEqual([]);
    const faults = (await paste('curl http://127.0.0.1:8360/_emulator/faults')).join('');
    expect(faults).toContain('"fired":1');
  });

  test('an order is paid once, however often it is asked, and the client is handed no more than it needs', async () => {
    const script = commands('"action":"buy"');
    const buy = script.split('\n').find((line) => line.includes('"action":"buy"')) ?? '';
    const bought = await paste(script);
    const told = (line = '{}') => (JSON.parse(line) as { result?: { data?: object } }).result?.data;
    const answer = told(bought.find((line) => line.includes('"status"')));
    expect(answer).toEqual({ status: 'completed', code: expect.stringMatching(/^TEA-\w{6}$/) as string });
    expect(JSON.parse(bought.at(-1) ?? '')).toMatchObject({ points: 70, orderCount: 1, quota: { open: 0 } });
    expect(told((await paste(buy)).at(-1))).toEqual(answer);
    expect(await dump('orders')).toEqual([expect.objectContaining({ status: 'completed', sku: 'tea' })]);
    expect(await dump('users')).toEqual([expect.objectContaining({ points: 70, orderCount: 1 })]);
    expect((await paste(buy.replace('"tea"', '"rum"'))).join('')).toContain('INPUT_INVALID');
  });

  test('the rule that kills after paying meets a call that has taken, and has left no record', async () => {
    const buy = (requestId: string) =>
      cloud.invoke('orders', { action: 'buy', data: { sku: 'tea', requestId } }, { openid: 'oAnna' });
    await paste(commands('"inject":"kill-before"'));
    expect(await buy('r2')).not.toHaveProperty('result');
    expect(await dump('users')).toEqual([expect.objectContaining({ points: 40, orderCount: 1 })]);
    expect(await dump('orders')).toHaveLength(1);
    expect(await buy('r2')).toMatchObject({ result: { error: { code: 'ONCE_IN_PROGRESS' } } });
    expect(await buy('r3')).toMatchObject({ result: { data: { status: 'completed' } } });
    expect(await buy('r4')).toMatchObject({ result: { error: { code: 'ONCE_REFUSED' } } });
  });

  test('a timer finishes orders, and nobody else may', async () => {
    const timer = await cloud.invoke(
      'recoverOrders',
      { Type: 'Timer', TriggerName: 'often' },
      { source: 'wx_trigger' },
    );
    expect(timer).toMatchObject({ result: { code: 200, data: { phases: {} } } });
    const fired = await paste('curl -X POST http://127.0.0.1:8360/_emulator/timers/recoverOrders');
    expect(fired.at(-1)).toContain('未到执行时间');
    const forged = { Type: 'Timer', TriggerName: 'often' };
    expect(await cloud.invoke('recoverOrders', forged, { openid: 'oMallory' })).toMatchObject({
      result: { code: 403, error: { code: 'AUTH_DENIED' } },
    });
  });

  test('a mini program gets its picture', async () => {
    const module = { exports: {} as { generate?: (prompt: string, requestId: string) => Promise<string> } };
    const callFunction = ({ name, data }: { name: string; data: unknown }) =>
      cloud.invoke(name, data, { openid: 'oPainter' });
    // The page's code runs as it is printed, with a `wx` that reaches this cloud.
    runInNewContext(example('miniprogram/generate.js'), { wx: { cloud: { callFunction } }, module });
    expect(await module.exports.generate?.('海边的灯塔', 'r-1')).toMatch(/^cloud:\/\//);
  });

  test('recovery runs when somebody plays the timer', async () => {
    expect((await paste(commands('timers/recoverFromBackup'))).at(-1)).toContain('"code":200');
  });

  test('the test of a note passes in a project of its own', { timeout: 60_000 }, async () => {
    const { stdout } = await run(process.execPath, [resolve('node_modules/vitest/vitest.mjs'), 'run'], {
      cwd: folder,
      env: { PATH: process.env['PATH'], NO_COLOR: '1' },
    });
    expect(stdout).toContain('1 passed');
  });
});
