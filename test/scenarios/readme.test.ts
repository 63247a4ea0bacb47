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
  const fenced = readFileSync(file, 'utf8').matchAll(/^```(js|json|ts|sh)\n([\s\S]*?)^```$/gm);
  return [...fenced].map(([, language = '', text = '']) => ({ language, text }));
}

const BLOCKS = blocksOf('README.md');

/** The example whose first line names this file. */
function example(path: string): string {
  const block = BLOCKS.find(({ text }) => text.startsWith(`// ${path}\n`));
  if (!block) throw new Error(`the README shows no ${path}`);
  return block.text;
}

/** The shell commands of the block that contains this text, as a reader pastes them. */
function commands(containing: string): string {
  const block = BLOCKS.find(({ language, text }) => language === 'sh' && text.includes(containing));
  if (!block) throw new Error(`the README has no command with ${containing}`);
  return block.text;
}

/** The `config.json` of a function with a timer. */
function timerSettings(): string {
  const block = BLOCKS.find(({ language, text }) => language === 'json' && text.includes('triggers'));
  if (!block) throw new Error('the README shows no config.json');
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

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wx-durable-readme-'));
    mkdirSync(join(folder, 'node_modules'));
    for (const name of ['wx-server-sdk', 'vitest']) {
      symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
    }
    symlinkSync(resolve('.'), join(folder, 'node_modules/wx-durable'));
    await placeFunctions(folder);
    write('cloudfunctions/notes/index.js');
    write('cloudfunctions/recoverOrders/index.js');
    writeFileSync(join(folder, 'cloudfunctions/recoverOrders/config.json'), timerSettings());
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

  test('a note is saved once, also when two answers get lost', async () => {
    const saved = await paste(commands('collections/notes -d'));
    expect(saved.join('\n')).toContain('"status":"stored"');
    expect(JSON.parse(saved.at(-1) ?? '')).toMatchObject({ _id: 'oAnna_1', text: 'milk' });
    const again = await paste(commands('"inject":"reset-after"'));
    expect(again.at(-1)).toContain('"code":200');
    expect(await paste('curl http://127.0.0.1:8360/_emulator/collections/notes')).toHaveLength(2);
  });

  test('a timer finishes orders, and nobody else may', async () => {
    const timer = await cloud.invoke(
      'recoverOrders',
      { Type: 'Timer', TriggerName: 'often' },
      { source: 'wx_trigger' },
    );
    expect(timer).toMatchObject({ result: { code: 200 } });
    // With the settings that are shown, it has a timer at all.
    const played = await fetch(`${cloud.url}/_emulator/timers/recoverOrders`, { method: 'POST' });
    expect(await played.json()).toMatchObject({ result: { code: 200 } });
    const forged = { Type: 'Timer', TriggerName: 'often' };
    expect(await cloud.invoke('recoverOrders', forged, { openid: 'oMallory' })).toMatchObject({
      result: { code: 403, error: { code: 'AUTH_DENIED' } },
    });
  });

  test('a mini program gets its picture', async () => {
    const module = { exports: {} as { generate?: (prompt: string, requestId: string) => Promise<string> } };
    const callFunction = ({ name, data }: { name: string; data: unknown }) =>
      cloud.invoke(name, data, { openid: 'oAnna' });
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
