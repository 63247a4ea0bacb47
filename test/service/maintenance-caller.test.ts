import { expect, test } from 'vitest';
import { authorise } from '../../src/service/maintenance-caller.ts';
import { TIMER } from '../support/local-cloud.ts';
import { memoryLog, testHash } from '../support/ports.ts';

const ask = (identity: object, env: Readonly<Record<string, string>> = {}, event: unknown = TIMER) =>
  authorise({ identity: () => identity, env, log: memoryLog(), hash: testHash }, event);
const AS_TIMER = { TRIGGER_SRC: 'timer' };

test.each<[string, object, Readonly<Record<string, string>>]>([
  ['names the timer as the source', { SOURCE: 'wx_trigger' }, {}],
  ['names no source and a timer as the trigger', {}, AS_TIMER],
  ['names an empty source and a timer as the trigger', { SOURCE: '', OPENID: '' }, AS_TIMER],
])('the platform is believed where it %s', (_how, identity, env) => {
  expect(ask(identity, env)).toBe('timer');
});

test.each<[string, object, Readonly<Record<string, string>>, unknown]>([
  ['nothing says that it was a timer', {}, {}, TIMER],
  ['another source stands beside the trigger', { SOURCE: 'wx_client,scf' }, AS_TIMER, TIMER],
  ['there is somebody', { SOURCE: 'wx_trigger', OPENID: 'oMallory' }, AS_TIMER, TIMER],
  ['there is somebody of digits alone', { OPENID: 12345 }, AS_TIMER, TIMER],
  ['the event is of something else', {}, AS_TIMER, { action: 'recover' }],
  ['the trigger is another', {}, { TRIGGER_SRC: 'cos' }, TIMER],
])('nobody is believed where %s', (_how, identity, env, event) => {
  expect(() => ask(identity, env, event)).toThrow(expect.objectContaining({ code: 'AUTH_DENIED' }));
});
