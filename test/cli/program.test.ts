import { afterAll, beforeAll, expect, test } from 'vitest';
import { version } from '../../package.json';
import { createBuiltCli, type BuiltCli } from './built-cli.ts';
import { widest } from './ops-stage.ts';

let cli: BuiltCli;

beforeAll(async () => {
  cli = await createBuiltCli();
});

afterAll(() => cli.remove());

test('--help lists the commands on standard output and succeeds', async () => {
  const { code, stdout, stderr } = await cli.start(['--help']).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^ {2}dev /m);
});

test('no command at all is answered as --help is', async () => {
  const asked = await cli.start(['--help']).ended;
  expect(await cli.start([]).ended).toEqual(asked);
});

test('--version tells the version of the package and nothing else', async () => {
  expect(await cli.start(['--version']).ended).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test.each([
  [['dve'], 'Did you mean dev?'],
  [['dev', '--prot', '1'], 'Did you mean --port?'],
  [['dev', '--port', 'http'], '0 到 65535'],
  [['dev', '--port', '65536'], '0 到 65535'],
  [['dev', '--port'], 'argument missing'],
  [['dev', 'extra'], 'too many arguments'],
  [['dev', '--lang', 'fr'], "not 'fr'"],
])('%j is a usage error: exit 3, explained on standard error only', async (args, explanation) => {
  const { code, stdout, stderr } = await cli.start(args).ended;
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toContain(explanation);
});

test('output to a pipe is plain text, under CI too', async () => {
  const { stdout } = await cli.start(['--help'], { CI: '1' }).ended;
  expect(stdout).not.toContain('\u001b');
});

const COMMANDS = ['dev', 'demo', 'init', 'doctor', 'check', 'report', 'recover', 'repair users', 'prune', 'explain'];

test.each(COMMANDS)('the help of %s fits 80 columns, with examples', async (command) => {
  const { code, stdout } = await cli.start([...command.split(' '), '--help']).ended;
  expect(code).toBe(0);
  expect(widest(stdout)).toBeLessThanOrEqual(80);
  expect(stdout).toMatch(new RegExp(`\n示例 .*\n  wx-durable ${command}`));
});

test.each(COMMANDS.slice(2))('the help of %s says how it ends', async (command) => {
  const { stdout } = await cli.start([...command.split(' '), '--help']).ended;
  expect(stdout).toMatch(/\n退出码 \(exit codes\): 0 /);
});
