/** The operator's side: what a terminal is shown of texts that others chose, files they wrote, and secrets of the shell. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/core/index.ts';
import { createSeal } from '../../src/core/node/index.ts';
import type { Document } from '../../src/store/index.ts';
import { createOpsStage, initialise, type OpsStage } from '../cli/ops-stage.ts';
import { composeLetterWith } from '../support/letters.ts';
import { person, userIdOf, workIdOf } from '../support/local-cloud.ts';
import { KEY } from './stage.ts';

/** What a terminal would obey: clear, title, cursor back, colour, concealed text, eight-bit commands, another direction. */
const EVIL = '\u001b[2J\u001b]0;owned\u0007\u001b[1A\u001b[31m\u001b[8mhidden\u009b2J\u202e\r\n✅ 一切就绪\u2028';
const RAW = /(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const WORK_ID = workIdOf('oOwner', 'evil');

let stage: OpsStage;

const workOf = (_id: string, fields: Readonly<Record<string, unknown>> = {}): Document => ({
  ...{ _id, id: _id, userId: userIdOf('oOwner'), openid: 'oOwner', title: EVIL, prompt: EVIL, originalPrompt: EVIL },
  ...{
    status: 'completed',
    createdAt: new Date(Date.UTC(2026, 10, 1)),
    finishedAt: new Date(Date.UTC(2026, 10, 1)),
    attempt: 1,
    ...fields,
  },
});

beforeAll(async () => {
  stage = await createOpsStage();
  await initialise(stage.cloud);
});

afterAll(() => stage.close());

async function plant(): Promise<void> {
  const { cloud } = stage;
  const hold = {
    st: EVIL,
    token: EVIL,
    attempt: EVIL,
    price: EVIL,
    day: EVIL,
    at: 1,
    until: 2,
    taskId: EVIL,
    hash: 'h',
  };
  await cloud.load('users', [
    person('oOwner', { generateCount: 'x', quota: { open: 1, holds: { [WORK_ID]: hold } } }),
    { ...person('oEvil'), _id: `u${EVIL}`, openid: EVIL, generateCount: 9 },
  ]);
  await cloud.load('works', [
    workOf(WORK_ID, {
      errorCode: EVIL,
      errorMessage: EVIL,
      provider: EVIL,
      status: EVIL,
      attempt: EVIL,
      asset: { fileId: EVIL, state: EVIL },
    }),
    workOf(`w${EVIL}`, { userId: EVIL }),
  ]);
  const letter = composeLetterWith(workOf(workIdOf('oOwner', 'letter')), {});
  await cloud.load('emergency_backup', [
    { ...letter, _id: `letter${EVIL}`, mac: 'x' },
    { ...composeLetterWith(workOf(WORK_ID), {}), state: EVIL, status: EVIL, backupReason: EVIL },
    { _id: EVIL, state: 'quarantined', backupReason: EVIL, originalError: EVIL, timestamp: new Date(0) },
  ]);
}

const COMMANDS: readonly (readonly string[])[] = [
  ['check'],
  ['check', '--json'],
  ['explain', WORK_ID],
  ['explain', WORK_ID, '--lang', 'en'],
  ['explain', WORK_ID, '--json'],
  ['repair', 'users', '--dry-run'],
  ['repair', 'users', '--dry-run', '--json'],
  ['prune', '--dry-run'],
  ['recover', '--dry-run'],
  ['recover', '--dry-run', '--json'],
  ['recover', '--yes', '--verbose'],
  ['doctor'],
];

describe('ids, states and texts that somebody else chose', () => {
  test.each(COMMANDS.map((args) => [args.join(' '), args] as const))(
    'reach the terminal written out, not as commands: %s',
    async (_name, args) => {
      await plant();
      const { stdout, stderr } = await stage.wx(args);
      expect([stdout, stderr]).not.toEqual(['', expect.anything()]);
      expect(stdout).not.toMatch(RAW);
      expect(stderr).not.toMatch(RAW);
      // A line of its own would be one that the command never said.
      expect(stdout.split('\n').filter((line) => /^\s*✅ 一切就绪\\?/.test(line) && args[0] !== 'doctor')).toEqual([]);
      if (args.includes('--json')) expect(() => JSON.parse(stdout) as unknown).not.toThrow();
    },
  );

  test('leave colours to the command itself, where they are wanted', async () => {
    await plant();
    for (const args of [['recover', '--dry-run'], ['explain', WORK_ID], ['check']]) {
      const { stdout, stderr } = await stage.wx(args, { FORCE_COLOR: '1' });
      expect(stdout).toContain('\u001b[');
      const rest = (stdout + stderr).replaceAll(new RegExp(`${'\u001b'}\\[(1|2|22|31|32|33|39)m`, 'g'), '');
      expect(rest).not.toMatch(RAW);
    }
  });

  test('are still told: an operator must find them', async () => {
    await plant();
    const { stdout } = await stage.wx(['recover', '--dry-run']);
    expect(stdout).toContain('letter\\u001b');
  });
});

describe('a file that is read as an exported log', () => {
  const write = (name: string, content: string): string => {
    const file = join(stage.cli.folder, name);
    writeFileSync(file, content);
    return file;
  };
  const seal = createSeal(KEY);
  const genuine = seal.close(canonicalJson(composeLetterWith(workOf(workIdOf('oOwner', 'from-log')), { key: KEY })));

  test('admits what this deployment sealed and nothing else, and shows nothing of its lines', async () => {
    await stage.cloud.load('users', [person('oOwner')]);
    await stage.cloud.load('works', []);
    await stage.cloud.load('emergency_backup', []);
    const lines = [
      `write.sealed ${EVIL.replaceAll(/[\r\n\u2028]/g, ' ')} v1.${'A'.repeat(80)}`,
      JSON.stringify({ event: 'write.sealed', sealed: createSeal('ab'.repeat(32)).close('{}'), note: EVIL }),
      JSON.stringify({ event: 'write.sealed', sealed: seal.close('{"__proto__":{"x":1},"payload":{"_id":"x"}}') }),
      JSON.stringify({ event: 'write.sealed', sealed: seal.close('null') }),
      `write.sealed ${'v1.'.repeat(100_000)}`,
      `write.sealed ${'x'.repeat(5_000_000)}`,
      JSON.stringify({ event: 'write.sealed', sealed: genuine }),
    ];
    const { code, stdout, stderr } = await stage.wx(
      ['recover', '--yes', '--from-log', write('log.json', lines.join('\n'))],
      { WX_DURABLE_KEY: KEY },
    );
    expect(stdout).toMatch(/放入 emergency_backup 1 条.*无法解密 4 条/);
    expect(code).toBe(10);
    expect(stdout + stderr).not.toMatch(RAW);
    expect(stdout).not.toContain('owned');
    expect((await stage.cloud.dump('works')).map(({ _id }) => _id)).toEqual([workIdOf('oOwner', 'from-log')]);
  });

  test('is named, written out, where it cannot be read', async () => {
    const { code, stderr } = await stage.wx(['recover', '--yes', '--from-log', `/no/such/${'\u001b'}[2J`], {
      WX_DURABLE_KEY: KEY,
    });
    expect(code).toBe(6);
    expect(stderr).toContain('\\u001b[2J');
    expect(stderr).not.toMatch(RAW);
  });
});

describe('an id on the command line', () => {
  test.each(['../../users', `${'\u001b'}[2J`, '$(reboot)', '{"$ne":null}', 'a b', 'w'.repeat(65), '-x/../y'])(
    'is refused where it is %j, before anything is asked',
    async (id) => {
      const before = await stage.cloud.commits();
      const { code, stdout, stderr } = await stage.wx(['explain', '--', id]);
      expect(code).toBe(3);
      expect(stdout + stderr).not.toMatch(RAW);
      expect(await stage.cloud.commits()).toBe(before);
    },
  );
});

describe('secrets in the shell', () => {
  const SECRETS = {
    WX_DURABLE_KEY: KEY,
    WX_DURABLE_PREVIOUS_KEYS: 'fe'.repeat(32),
    WX_DURABLE_PROVIDER: 'zhipu',
    WX_DURABLE_PROVIDER_MODEL: 'cogview-4',
    WX_DURABLE_PROVIDER_KEY: 'sk-canary-of-the-shell-01',
    WX_DURABLE_ALERTS: 'dingtalk:canaryrobottoken01:canaryrobotsecret02',
    TENCENTCLOUD_SECRETID: 'AKIDcanaryid000000000000',
    TENCENTCLOUD_SECRETKEY: 'canarysecretkey0000000000',
  } as const;
  const shown = (text: string) =>
    Object.entries(SECRETS).filter(([name, secret]) => !/PROVIDER(_MODEL)?$/.test(name) && text.includes(secret));

  test.each([['doctor'], ['check'], ['recover', '--dry-run', '--verbose'], ['report'], ['init', '--yes']])(
    'are never printed by %s',
    async (...args) => {
      const { stdout, stderr } = await stage.wx(args, SECRETS);
      expect(shown(stdout + stderr)).toEqual([]);
      expect(stdout + stderr).not.toBe('');
    },
  );

  test.each([
    ['a key that is none', { WX_DURABLE_KEY: 'canarykeycanary' }],
    [
      'a robot that is none',
      { WX_DURABLE_ALERTS: 'https://oapi.dingtalk.com/robot/send?access_token=canaryrobottoken01' },
    ],
    ["a key in the place of the service's name", { WX_DURABLE_PROVIDER: 'sk-canary-of-the-shell-01' }],
  ])('are not printed either where they are wrong: %s', async (_what, env) => {
    for (const args of [['doctor'], ['check'], ['recover', '--dry-run']]) {
      const { stdout, stderr } = await stage.wx(args, env);
      expect(stdout + stderr).not.toContain('canary');
    }
  });

  test('are missed where there is no key: the doctor says that letters can be forged', async () => {
    const { stdout } = await stage.wx(['doctor']);
    expect(stdout).toMatch(/没有设置 WX_DURABLE_KEY：备份记录无法防伪/);
  });
});
