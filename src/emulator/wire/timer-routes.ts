import type { Timers } from '../functions/index.ts';
import { HttpRefusal, jsonReply, type Exchange, type Reply, type Route } from '../http/index.ts';

/** `/_emulator/timers`: which timers there are and when they fire; a POST to one runs it now and answers its result. */
export function createTimerRoutes(timers: Timers): readonly Route[] {
  return [
    { method: 'GET', path: /^\/_emulator\/timers$/, handle: () => jsonReply(timers.list()) },
    { method: 'POST', path: /^\/_emulator\/timers\/([^/]+)$/, handle: (exchange) => runNow(timers, exchange) },
  ];
}

async function runNow(timers: Timers, { params: [name = ''] }: Exchange): Promise<Reply> {
  const answer = timers.runNow(name);
  if (answer === undefined) {
    throw new HttpRefusal(404, `no function "${name}" with a timer is here; its config.json needs "triggers"`);
  }
  return jsonReply(await answer);
}
