'use strict';
// Runs functions as the platform does, one after the other in this process, and prints what each answered as one
// line of JSON. Written for the oldest Node that a function meets; it is started by node-matrix.mjs.

/** @typedef {{ name: string, entry: string, event: unknown, openid: string | null, timeoutSeconds: number }} Run */

/** @type {readonly Run[]} */
const runs = JSON.parse(process.argv[2] ?? '[]');

void runAll().then((answers) => {
  process.stdout.write(`${JSON.stringify(answers)}\n`, () => process.exit(0));
});

async function runAll() {
  // What functions log is no part of the answer.
  console.log = () => undefined;
  /** @type {Record<string, unknown>} */
  const answers = {};
  for (const run of runs) answers[run.name] = await answerOf(run);
  return answers;
}

/** @param {Run} run */
async function answerOf({ name, entry, event, openid, timeoutSeconds }) {
  if (openid === null) delete process.env['WX_OPENID'];
  else process.env['WX_OPENID'] = openid;
  // By this the platform says that it was the timer.
  process.env['TCB_SOURCE'] = openid === null ? 'wx_trigger' : 'wx_client';
  try {
    const { main } = require(entry);
    const context = { request_id: `check-${name}`, function_name: name, time_limit_in_ms: timeoutSeconds * 1000 };
    return await main(event, context);
  } catch (error) {
    return { threw: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
