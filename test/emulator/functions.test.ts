import { describe, expect, test } from 'vitest';
import type { EmulatorOptions } from '../../src/emulator/index.ts';
import { cloud, failureOf, functionsFolder, openCollection, openEmulator, stored } from './harness.ts';

const PROBE = `
const cloud = require('wx-server-sdk');
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
let served = 0;
let leftover = 'nothing';
exports.main = async (event, context) => {
  served += 1;
  switch (event.do) {
    case 'throw': throw new TypeError('boom');
    case 'spin': for (;;) { if (event.never) break; } return;
    case 'wait': await new Promise(() => {}); return;
    case 'exit': process.exit(0); return;
    case 'reject': Promise.reject(new Error('nobody waits')); await new Promise((resolve) => setTimeout(resolve, 2000)); return;
    case 'nothing': return;
    case 'circle': { const circle = {}; circle.self = circle; return circle; }
    case 'leave': setTimeout(() => { leftover = 'ran'; }, 0); return 'left';
    case 'leftover': { const before = leftover; await new Promise((resolve) => setTimeout(resolve, 20)); return [before, leftover]; }
    case 'nest': return (await cloud.callFunction({ name: 'probe', data: event.data })).result;
    case 'add': await cloud.database().collection('works').add({ data: { _id: event.id } }); return 'added';
    case 'print': console.log('line', { a: 1 }); console.error('trouble'); process.stdout.write('raw'); return;
    case 'context': return context;
    case 'environment': return { ...process.env };
    case 'meet': {
      const database = cloud.database();
      await database.collection('works').doc('gate').update({ data: { here: database.command.inc(1) } });
      for (;;) {
        const { data } = await database.collection('works').doc('gate').get();
        if (data.here >= event.many) return cloud.getWXContext().OPENID;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    default: return { event, served, user: cloud.getWXContext() };
  }
};`;

function open(options: Partial<EmulatorOptions> = {}, timeoutSeconds = 10) {
  return openEmulator({ functionsDir: functionsFolder({ probe: PROBE }, timeoutSeconds), ...options });
}

describe('calls', () => {
  test('a function gets its event and its user, and its result comes back', async () => {
    const emulator = await open();
    const answer = await emulator.invoke('probe', { n: 1 }, { openid: 'oA', unionid: 'uA' });
    expect(answer).toEqual({
      errMsg: 'cloud.callFunction:ok',
      requestID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      result: {
        event: { n: 1 },
        served: 1,
        user: {
          CLIENTIP: '127.0.0.1',
          APPID: 'wx0000000000000001',
          OPENID: 'oA',
          UNIONID: 'uA',
          ENV: 'emu-env',
          SOURCE: 'wx_client',
        },
      },
    });
  });

  test('over HTTP the event is the body and the user is in headers', async () => {
    const emulator = await open();
    const headers = { 'x-wx-openid': 'oH', 'x-wx-source': 'wx_http' };
    const response = await fetch(`${emulator.url}/invoke/probe`, { method: 'POST', body: '{"n":2}', headers });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      result: { event: { n: 2 }, user: { OPENID: 'oH', SOURCE: 'wx_http' } },
    });
  });

  test('without an openid there is no user, even after a call that had one', async () => {
    const emulator = await open();
    await emulator.invoke('probe', {}, { openid: 'oA', unionid: 'uA' });
    const { result } = (await emulator.invoke('probe', {})) as { result: { served: number; user: object } };
    expect(result.served).toBe(2);
    expect(Object.keys(result.user).sort()).toEqual(['APPID', 'CLIENTIP', 'ENV']);
  });

  test('a function called by a function has the same user', async () => {
    const emulator = await open();
    const answer = await emulator.invoke(
      'probe',
      { do: 'nest', data: { inner: true } },
      { openid: 'oN', unionid: 'uN' },
    );
    expect(answer).toMatchObject({ result: { event: { inner: true }, user: { OPENID: 'oN', UNIONID: 'uN' } } });
  });

  test('nothing returned arrives as null', async () => {
    const emulator = await open();
    expect(await emulator.invoke('probe', { do: 'nothing' })).toMatchObject({
      result: null,
      errMsg: 'cloud.callFunction:ok',
    });
  });

  test('more calls at once than there are places for all finish, each with its own user', async () => {
    const emulator = await open();
    const users = Array.from({ length: 20 }, (_, index) => `o${index}x`);
    const answers = await Promise.all(users.map((openid) => emulator.invoke('probe', {}, { openid })));
    expect(
      answers.map((answer) =>
        'result' in answer ? (answer.result as { user: { OPENID: string } }).user.OPENID : answer,
      ),
    ).toEqual(users);
  });

  test('calls run at the same time and not one after the other', async () => {
    const emulator = await open();
    await openCollection('works', [{ _id: 'gate', here: 0 }]);
    const answers = await Promise.all(
      ['oA', 'oB', 'oC'].map((openid) => emulator.invoke('probe', { do: 'meet', many: 3 }, { openid })),
    );
    expect(answers).toMatchObject([{ result: 'oA' }, { result: 'oB' }, { result: 'oC' }]);
  });

  test('what a function did not wait for stands still until its next call', async () => {
    const emulator = await open();
    await emulator.invoke('probe', { do: 'leave' });
    expect(await emulator.invoke('probe', { do: 'leftover' })).toMatchObject({ result: ['nothing', 'ran'] });
  });
});

describe('what a function sees', () => {
  test('its context has the fields and the configured limit of the platform', async () => {
    const emulator = await open();
    const answer = await emulator.invoke('probe', { do: 'context' });
    expect(answer).toMatchObject({
      result: {
        time_limit_in_ms: 10_000,
        memory_limit_in_mb: 256,
        request_id: answer.requestID,
        function_name: 'probe',
        namespace: 'emu-env',
        tencentcloud_region: 'ap-shanghai',
      },
    });
  });

  test('its environment holds nothing of the machine but PATH and HOME', async () => {
    process.env['WX_EMULATOR_TEST_SECRET'] = 'x';
    const emulator = await open({ functionEnv: { WX_DURABLE_KEY: 'k' } });
    const { result } = (await emulator.invoke('probe', { do: 'environment' })) as { result: Record<string, string> };
    expect(result).toMatchObject({ TZ: 'UTC', WX_DURABLE_KEY: 'k', PATH: process.env['PATH'] });
    const foreign = Object.keys(result).filter(
      (name) => !/^(WX_|TCB_|TENCENTCLOUD_|SCF_)|^(PATH|HOME|TZ|SILENCE)$/.test(name),
    );
    expect(foreign).toEqual([]);
    expect(result).not.toHaveProperty('WX_EMULATOR_TEST_SECRET');
  });

  test('the picture service is offered when it is asked for, and a configured address stays', async () => {
    const emulator = await open({ functionEnv: { WX_DURABLE_PROVIDER: 'local' } });
    const { result } = (await emulator.invoke('probe', { do: 'environment' })) as { result: Record<string, string> };
    expect(result['WX_DURABLE_PROVIDER_URL']).toMatch(new RegExp(`^${emulator.url}/_provider/w\\d+/v1$`));
    const own = await open({ functionEnv: { WX_DURABLE_PROVIDER: 'local', WX_DURABLE_PROVIDER_URL: 'http://own' } });
    expect(await own.invoke('probe', { do: 'environment' })).toMatchObject({
      result: { WX_DURABLE_PROVIDER_URL: 'http://own' },
    });
  });

  test('its output is handed on with the call that it belongs to', async () => {
    const lines: { requestId: string; stream: string; text: string }[] = [];
    const emulator = await open({ onConsole: (line) => lines.push(line) });
    const { requestID } = await emulator.invoke('probe', { do: 'print' });
    expect(lines).toEqual([
      { function: 'probe', requestId: requestID, stream: 'stdout', text: 'line { a: 1 }\n' },
      { function: 'probe', requestId: requestID, stream: 'stderr', text: 'trouble\n' },
      { function: 'probe', requestId: requestID, stream: 'stdout', text: 'raw' },
    ]);
  });
});

describe('failures', () => {
  test.each(['spin', 'wait'])('a function that would %s for ever is stopped at its timeout', async (what) => {
    const emulator = await open({}, 1);
    expect(await emulator.invoke('probe', { do: what })).toMatchObject({
      errCode: -504003,
      errMsg: 'Invoking task timed out after 1 seconds',
    });
    expect(await emulator.invoke('probe', {})).toMatchObject({ result: { served: 1 } });
  });

  test('its developer reads what to do about a time limit, and about a package that is nowhere', async () => {
    const said: string[] = [];
    const onConsole = ({ text }: { text: string }) => void said.push(text);
    const slow = await open({ onConsole }, 1);
    await slow.invoke('probe', { do: 'wait' });
    expect(said).toEqual(['ended at its time limit of 1 s; "timeout" in its config.json sets another\n']);
    const functionsDir = functionsFolder({ lacking: `exports.main = async () => require('nobody-has-this');` });
    const lacking = await openEmulator({ functionsDir, onConsole });
    expect(await lacking.invoke('lacking', {})).toMatchObject({
      errMsg: expect.stringContaining("Cannot find module 'nobody-has-this'"),
    });
    expect(said.join('')).toContain('nobody-has-this is not installed: run npm i nobody-has-this in');
  });

  test('without a config.json the timeout is 3 seconds', async () => {
    const emulator = await openEmulator({ functionsDir: functionsFolder({ probe: PROBE }) });
    expect(await emulator.invoke('probe', { do: 'context' })).toMatchObject({ result: { time_limit_in_ms: 3000 } });
  });

  test.each([
    ['throw', 'functions execute fail | errMsg: TypeError: boom'],
    ['exit', 'functions execute fail | errMsg: the function ended its own process'],
    ['reject', 'functions execute fail | errMsg: Error: nobody waits'],
    ['circle', /^functions execute fail \| errMsg: TypeError: Converting circular structure/],
  ])('a function that does "%s" answers -504002', async (what, text) => {
    const emulator = await open();
    const answer = await emulator.invoke('probe', { do: what });
    expect(answer).toMatchObject({
      errCode: -504002,
      errMsg: typeof text === 'string' ? text : expect.stringMatching(text),
    });
    expect(await emulator.invoke('probe', { n: 1 })).toMatchObject({ result: { event: { n: 1 } } });
  });

  test('a function that throws keeps its instance, with what it remembers', async () => {
    const emulator = await open();
    await emulator.invoke('probe', { do: 'throw' });
    expect(await emulator.invoke('probe', {})).toMatchObject({ result: { served: 2 } });
  });

  test.each(['nope', '..%2Fprobe', '%2e%2e', '.', 'probe%2F..%2Fprobe', '__proto__'])(
    'the function %s does not exist',
    async (name) => {
      const emulator = await open();
      const response = await fetch(`${emulator.url}/invoke/${name}`, { method: 'POST', body: '{}' });
      // An address that dissolves before it reaches the server leads nowhere either.
      if (response.status === 404) return;
      expect(await response.json()).toMatchObject({
        errCode: -501000,
        errMsg: expect.stringContaining('FUNCTION_NOT_FOUND'),
      });
    },
  );

  test('code that cannot be loaded answers why', async () => {
    const functionsDir = functionsFolder({ broken: 'require("./not-there")', mainless: 'exports.handler = () => 1' });
    const emulator = await openEmulator({ functionsDir });
    expect(await emulator.invoke('broken', {})).toMatchObject({
      errCode: -504002,
      errMsg: expect.stringContaining("Cannot find module './not-there'"),
    });
    expect(await emulator.invoke('mainless', {})).toMatchObject({
      errMsg: expect.stringContaining('does not export a function named main'),
    });
  });

  test('the SDK of a calling function sees the names of the platform', async () => {
    await open({}, 1);
    const call = (data: object, name = 'probe') => failureOf(cloud.callFunction({ name, data }));
    expect(await call({ do: 'throw' })).toMatchObject({ errCode: -1, code: 'FUNCTIONS_EXECUTE_FAIL' });
    expect(await call({ do: 'wait' })).toMatchObject({ errCode: -1, code: 'FUNCTIONS_TIME_LIMIT_EXCEEDED' });
    expect(await call({}, 'nope')).toMatchObject({ errCode: -1, code: 'FUNCTION_NOT_FOUND' });
  });
});

describe('the event', () => {
  test('one above 6 MB is refused with 406, one just below it is served', async () => {
    const emulator = await open();
    const post = (size: number) =>
      fetch(`${emulator.url}/invoke/probe`, {
        method: 'POST',
        body: JSON.stringify({ do: 'nothing', text: 'x'.repeat(size) }),
      });
    const refused = await post(10_000_000);
    expect(refused.status).toBe(406);
    expect(await refused.json()).toMatchObject({
      errCode: -501007,
      errMsg: expect.stringContaining('request too large'),
    });
    expect(await (await post(6_291_000)).json()).toMatchObject({ result: null });
  });

  test('one that is not JSON is refused, none at all is an empty one', async () => {
    const emulator = await open();
    const post = (body: string) => fetch(`${emulator.url}/invoke/probe`, { method: 'POST', body });
    expect(await (await post('{nope')).json()).toMatchObject({
      errCode: -501007,
      errMsg: expect.stringContaining('not JSON'),
    });
    expect(await (await post('')).json()).toMatchObject({ result: { event: {} } });
  });
});

describe('killed functions', () => {
  test('one killed before its write took effect has written nothing', async () => {
    const emulator = await open({ faults: [{ from: 'probe', action: 'insertDocument', inject: 'kill-before' }] });
    await openCollection('works');
    expect(await emulator.invoke('probe', { do: 'add', id: 'a' })).toMatchObject({ errCode: -504002 });
    expect(await stored(emulator, 'works')).toEqual([]);
  });

  test('one killed after its write took effect has written', async () => {
    const emulator = await open({
      faults: [{ from: 'probe', action: 'insertDocument', inject: 'kill-after', times: 1 }],
    });
    await openCollection('works');
    expect(await emulator.invoke('probe', { do: 'add', id: 'a' })).toMatchObject({
      errCode: -504002,
      errMsg: expect.stringContaining('killed'),
    });
    expect(await stored(emulator, 'works')).toEqual([{ _id: 'a' }]);
    expect(await emulator.invoke('probe', { do: 'add', id: 'b' })).toMatchObject({ result: 'added' });
  });

  test('the same rule leaves other senders alone', async () => {
    const emulator = await open({ faults: [{ from: 'probe', inject: 'kill-before' }] });
    const works = await openCollection('works', [{ _id: 'mine' }]);
    expect((await works.count()).total).toBe(1);
    expect(await emulator.invoke('probe', { do: 'nothing' })).toMatchObject({ result: null });
  });

  test('a rule for calls of a function kills the call itself', async () => {
    const emulator = await open({ faults: [{ function: 'probe', inject: 'kill-after', times: 1 }] });
    await openCollection('works');
    expect(await emulator.invoke('probe', { do: 'add', id: 'a' })).toMatchObject({ errCode: -504002 });
    expect(await stored(emulator, 'works')).toEqual([{ _id: 'a' }]);
  });
});
