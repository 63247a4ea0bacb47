/** Attacks 13 and 16: requests of many megabytes, without end or without bottom, and patterns that never finish. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readChannel } from '../../src/notify/index.ts';
import { parseGenerate, parseHistory, parseWorkId } from '../../src/records/index.ts';
import { readConfig } from '../../src/service/config.ts';
import { assertBlobName, assertPath } from '../../src/store/index.ts';
import { person, type Platform } from '../support/local-cloud.ts';
import { createAttackStage, medianMs, type AttackStage } from './stage.ts';

const OPENID = 'oHeavy';
const ADMIN = 'oAdmin';
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const keys = (count: number): string => `{${Array.from({ length: count }, (_, n) => `"${n.toString(36)}":0`).join()}}`;

let stage: AttackStage;

beforeAll(async () => {
  stage = await createAttackStage({ env: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_ADMINS: ADMIN } });
  await stage.add('users', person(OPENID));
});

afterAll(() => stage.close());

const codeOf = (answer: Platform): number =>
  'result' in answer ? (answer.result as { code: number }).code : answer.errCode;

describe('a request without measure', () => {
  test.each<[string, string, number]>([
    [
      'a prompt of ten megabytes, which the platform itself turns away',
      JSON.stringify({ action: 'generate', data: { prompt: 'x'.repeat(10_000_000) } }),
      -501007,
    ],
    [
      'a prompt of five megabytes',
      JSON.stringify({ action: 'generate', data: { prompt: 'x'.repeat(5_000_000) } }),
      400,
    ],
    [
      'a prompt of five megabytes of spaces',
      JSON.stringify({ action: 'generate', data: { prompt: ' '.repeat(5_000_000) } }),
      400,
    ],
    [
      'a style of five megabytes of spaces',
      JSON.stringify({ action: 'generate', data: { prompt: '好', style: `a${' '.repeat(5_000_000)}a` } }),
      400,
    ],
    [
      'a key of five megabytes',
      JSON.stringify({ action: 'generate', data: { prompt: '好', requestId: 'a'.repeat(5_000_000) } }),
      400,
    ],
    ['a prompt 100,000 deep', `{"action":"generate","data":{"prompt":${nested(100_000)}}}`, 400],
    ['something unknown a million deep', `{"action":"none","data":${nested(1_000_000)}}`, 400],
    ['data of half a million keys and no prompt', `{"action":"generate","data":${keys(500_000)}}`, 400],
    ['an event of half a million keys and no action', keys(500_000), 400],
    [
      'a list of a million works to delete',
      `{"action":"deleteWork","data":{"workId":[${'0,'.repeat(999_999)}0]}}`,
      400,
    ],
    [
      'a cursor of five megabytes',
      JSON.stringify({ action: 'getHistory', data: { cursor: `1-${'a'.repeat(5_000_000)}` } }),
      400,
    ],
  ])('is refused with no statement sent: %s', async (_what, text, code) => {
    const { value, sent } = await stage.harmless(() => stage.invokeText('generateImage', text, OPENID));
    expect(codeOf(value)).toBe(code);
    expect(sent).toEqual([]);
    expect(JSON.stringify(value).length).toBeLessThan(1_000);
  });

  test.each([
    ['sections without end', 'checkDataIntegrity', `{"action":"check","sections":[${'"users",'.repeat(500_000)}"x"]}`],
    ['a place 100,000 deep', 'fixUserConsistency', `{"action":"repair","dryRun":true,"after":${nested(100_000)}}`],
    ['a switch of half a million keys', 'fixUserConsistency', `{"action":"repair","dryRun":${keys(500_000)}}`],
  ])('is refused to an administrator, too: %s', async (_what, name, text) => {
    const { value, sent } = await stage.harmless(() => stage.invokeText(name, text, ADMIN));
    expect(codeOf(value)).toBe(400);
    expect(sent).toEqual([]);
  });

  test('of keys that nobody knows costs its reading and nothing more: the same statements, and none of the keys', async () => {
    const call = (more: string, id: string) =>
      stage.watched(() =>
        stage.invokeText(
          'generateImage',
          `{"action":"generate","data":{"prompt":"好","requestId":"${id}"${more}}}`,
          OPENID,
        ),
      );
    const plain = await call('', 'plain');
    const stuffed = await call(`,${keys(400_000).slice(1, -1)}`, 'stuffed');
    expect(codeOf(plain.value)).toBe(200);
    expect(codeOf(stuffed.value)).toBe(200);
    expect(stuffed.sent.map(({ action }) => action).sort()).toEqual(plain.sent.map(({ action }) => action).sort());
    expect(JSON.stringify(stuffed.sent).length).toBeLessThan(2 * JSON.stringify(plain.sent).length);
  });
});

/** Texts that make a careless pattern try everything. */
const LONG = 50_000;
const HOSTILE = [
  'a'.repeat(LONG),
  `${'a'.repeat(LONG)}!`,
  `${' '.repeat(LONG)}x`,
  `${'a.'.repeat(LONG / 2)}!`,
  `${'a/'.repeat(LONG / 2)}!`,
  `${'a-'.repeat(LONG / 2)}\u0000`,
  `${'1'.repeat(LONG)}-`,
  `1-${'_'.repeat(LONG)}!`,
  `${'x,'.repeat(LONG / 2)}`,
  `wecom:${'a'.repeat(LONG)}:`,
  `http://${'a'.repeat(LONG)}\n`,
  '\ud800'.repeat(LONG),
];

const VALIDATORS: Readonly<Record<string, (text: string) => unknown>> = {
  prompt: (text) => parseGenerate({ prompt: text }),
  style: (text) => parseGenerate({ prompt: 'x', style: text }),
  requestId: (text) => parseGenerate({ prompt: 'x', requestId: text }),
  cursor: (text) => parseHistory({ cursor: text }),
  workId: (text) => parseWorkId({ workId: text }),
  'field path': (text) => assertPath(text),
  'file name': (text) => assertBlobName(text),
  robot: (text) => readChannel(text),
  'robot of a test': (text) => readChannel('wecom:abcdefgh12', text),
  'address of the service': (text) => readConfig({ WX_DURABLE_PROVIDER: 'x', WX_DURABLE_PROVIDER_URL: text }),
  'list of keys': (text) => readConfig({ WX_DURABLE_PREVIOUS_KEYS: text }),
  'number of credits': (text) => readConfig({ WX_DURABLE_INITIAL_CREDITS: text }),
};

describe.each(Object.entries(VALIDATORS))('the pattern of a %s', (_name, validate) => {
  const attempt = (text: string) => async () => {
    try {
      validate(text);
    } catch {
      // Refused or not: it is about the time.
    }
  };

  test('takes as long for 50,000 hostile characters as for as many others, and does not grow faster than they do', async () => {
    const usual = Math.max(0.5, await medianMs(5, attempt('好'.repeat(LONG))));
    for (const text of HOSTILE) {
      const once = await medianMs(5, attempt(text));
      expect(once / usual).toBeLessThan(200);
      // A pattern that tries every pair would need a hundred times as long for ten times as much.
      const tenfold = await medianMs(3, attempt(text.repeat(10)));
      expect(tenfold / Math.max(once, 0.5)).toBeLessThan(60);
    }
  });
});

test('the clock above would notice a careless pattern', async () => {
  const careless = (text: string) => async () => /^(a|a)*$/.test(text);
  const usual = Math.max(0.05, await medianMs(5, careless('a'.repeat(10))));
  expect((await medianMs(1, careless(`${'a'.repeat(24)}!`))) / usual).toBeGreaterThan(200);
});
