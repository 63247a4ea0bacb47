import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { createLocalCloud, type LocalCloud } from '../support/local-cloud.ts';
import { asEnvironment } from './ops-stage.ts';

let cloud: LocalCloud;

beforeAll(async () => {
  cloud = await createLocalCloud();
  // The SDK reads these itself.
  Object.assign(process.env, asEnvironment(cloud));
});

afterAll(() => cloud.close());

/** A person at a terminal who answers a question with this. */
function personWho(types: string) {
  const seen = { printed: [] as string[], said: [] as string[], asked: 0 };
  const terminal: Terminal = {
    print: (line) => void seen.printed.push(line),
    say: (line) => void seen.said.push(line),
    env: asEnvironment(cloud),
    isInteractive: true,
    ask: async () => {
      seen.asked += 1;
      return types;
    },
    errors: { isTTY: false, columns: 80, write: () => true },
    columns: 80,
    hasColour: false,
    stopped: new Promise(() => undefined),
  };
  return { terminal, seen };
}

test('a person who types something else than the environment has nothing written', async () => {
  const before = await cloud.commits();
  for (const typed of ['', 'yes', 'my-env-12', 'MY-ENV-123']) {
    const { terminal, seen } = personWho(typed);
    expect(await run(['init', '--env-id', 'my-env-123'], terminal)).toBe(1);
    expect(seen).toMatchObject({ printed: [], asked: 1 });
    expect(seen.said.at(-1)).toBe('已取消，没有写入任何数据');
  }
  expect(await cloud.commits()).toBe(before);
});

test('a person who types the environment has it written, and is told before what', async () => {
  const { terminal, seen } = personWho(' my-env-123 ');
  expect(await run(['init', '--env-id', 'my-env-123'], terminal)).toBe(0);
  expect(seen.said.join('\n')).toMatch(/即将写入环境 my-env-123：创建集合 durable_jobs、/);
  expect(await cloud.dump('durable_jobs')).toEqual([]);
});

test('nobody is asked where there is nothing to write', async () => {
  const { terminal, seen } = personWho('');
  expect(await run(['init', '--env-id', 'my-env-123'], terminal)).toBe(0);
  expect(seen.asked).toBe(0);
});

test('--yes asks nobody', async () => {
  const { terminal, seen } = personWho('no');
  expect(await run(['recover', '--env-id', 'my-env-123', '--yes'], terminal)).toBe(0);
  expect(seen.asked).toBe(0);
});
