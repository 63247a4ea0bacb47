import { run } from './program.ts';

const code = await run(process.argv.slice(2));
process.exitCode = code;

// A request of the SDK that nobody answers would keep the process alive long after all has been said.
const said = [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done)));
await Promise.all(said);
process.exit(code);
