import { relative, resolve } from 'node:path';
import type { Language } from '../language.ts';
import type { FunctionsFolder, MissingPackages } from './functions.ts';
import type { Timer } from './timers.ts';

/** What there is to say about a local cloud that has started. */
export interface WelcomeFacts {
  readonly emulator: { readonly url: string };
  /** Shell script that sets the environment of a client process. */
  readonly envFile: string;
  readonly functions: FunctionsFolder;
  /** Those that fire by themselves, or would. */
  readonly timers: readonly Timer[];
  readonly dir: string;
  readonly provider: string;
  readonly language: Language;
}

/** The lines a person reads when the local cloud has started: where it is, what runs there, how to call it. */
export function welcome(facts: WelcomeFacts): string[] {
  const { emulator, functions, language } = facts;
  const text = TEXTS[language];
  return [
    `${text.started}${emulator.url}`,
    `  ${text.target}emulator (${facts.dir})`,
    ...functionLines(functions, text),
    `  ${text.provider}${facts.provider === 'local' ? text.localProvider : facts.provider}`,
    ...timerLines(facts.timers, text),
    ...curlLines(facts, text),
    '',
    text.connect,
    `  . ${shellQuote(facts.envFile)}`,
    '',
    text.reload,
    text.stop,
  ];
}

type Texts = (typeof TEXTS)[Language];

function functionLines({ path, names, isShipped }: FunctionsFolder, text: Texts): string[] {
  if (names.length === 0) return [`  ${text.functions}${text.noFunctions(path)}`];
  return [`  ${text.functions}${names.join(', ')}`, `  ${text.from}${isShipped ? text.shipped : path}`];
}

/** The clock of the platform's timers is eight hours ahead, wherever this machine is. */
function timerLines(timers: readonly Timer[], text: Texts): string[] {
  const firing = timers.flatMap(({ function: name, next }) =>
    next === null
      ? []
      : [`${name} ${new Date(Date.parse(next) + 8 * 3_600_000).toISOString().slice(5, 19).replace('T', ' ')}`],
  );
  const wrong = timers.flatMap(({ function: name, error }) =>
    error === undefined ? [] : [`  ⚠️  ${text.badTimer}${name}: ${error}`],
  );
  return [...(firing.length === 0 ? [] : [`  ${text.timers}${firing.join(', ')}`]), ...wrong];
}

const PICTURE = { action: 'generate', data: { prompt: '海边的灯塔' } };

/** How to call one of the functions that are there. */
function curlLines({ emulator, functions: { names } }: WelcomeFacts, text: Texts): string[] {
  const isOurs = names.includes('generateImage');
  const name = isOurs ? 'generateImage' : names[0];
  if (name === undefined) return [];
  return [
    '',
    isOurs ? text.callOurs : text.call,
    `  curl -s ${emulator.url}/invoke/${name} -H 'x-wx-openid: oDemoUser' \\`,
    `    -d ${shellQuote(JSON.stringify(isOurs ? PICTURE : {}))}`,
    `  ${text.http}${emulator.url}/http/${name}`,
  ];
}

/** What to do about functions that lack packages; no line where none does. */
export function missingPackagesAdvice(
  missing: readonly MissingPackages[],
  { functions, language }: Pick<WelcomeFacts, 'functions' | 'language'>,
): string[] {
  if (missing.length === 0) return [];
  const packages = [...new Set(missing.flatMap((one) => one.packages))];
  // Ours find the SDK where this package is installed, so both belong into one project.
  const wanted = functions.isShipped ? ['wx-durable', ...packages] : packages;
  const project = relative('.', resolve(functions.path, '..')) || '.';
  const change = functions.isShipped || project === '.' ? '' : `cd ${shellQuote(project)} && `;
  const command = `${change}npm i ${wanted.map(shellQuote).join(' ')}`;
  return TEXTS[language].missing(missing.map(({ name }) => name).join(', '), {
    packages: packages.join(', '),
    command,
  });
}

/** A shell script that connects a process using wx-server-sdk to a local cloud. */
export function environmentScript(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
    .join('');
}

/** A word that a POSIX shell takes literally. */
function shellQuote(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

interface Cure {
  readonly packages: string;
  readonly command: string;
}

const TEXTS = {
  zh: {
    started: '本地云开发已启动：',
    target: '目标：',
    functions: '云函数：',
    noFunctions: (folder: string) =>
      `${folder} 中没有云函数（每个云函数是一个含 index.js 的文件夹），请用 --functions 指定`,
    from: '来自：',
    shipped: 'wx-durable 自带；要运行自己的云函数，请用 --functions 指定目录',
    provider: '图片服务：',
    localProvider: 'local（在本机绘制，不收费）',
    callOurs: '像小程序一样调用云函数：',
    call: '像小程序一样调用云函数（-d 后面是 event，换成该函数需要的参数）：',
    http: 'HTTP 访问：',
    connect: '让使用 wx-server-sdk 的进程连接到这里（在它的终端中执行）：',
    timers: '定时触发（北京时间）：',
    badTimer: '定时器不会触发：',
    reload: '修改云函数的代码或配置后，下一次调用即生效',
    stop: '按 Ctrl-C 停止',
    missing: (names: string, { packages, command }: Cure) => [
      `⚠️  缺少依赖 ${packages}，调用会失败：${names}`,
      `   请停止后执行：${command}`,
    ],
  },
  en: {
    started: 'The local cloud is running at ',
    target: 'target: ',
    functions: 'functions: ',
    noFunctions: (folder: string) =>
      `none in ${folder} (each is a folder with an index.js); name another with --functions`,
    from: 'from: ',
    shipped: 'wx-durable itself; to run your own, name their folder with --functions',
    provider: 'picture service: ',
    localProvider: 'local (paints on this machine, costs nothing)',
    callOurs: 'Call a function as a mini program would:',
    call: 'Call a function as a mini program would (what follows -d is its event: put there what it takes):',
    http: 'HTTP access: ',
    connect: 'Connect a process that uses wx-server-sdk (in its shell):',
    timers: 'timers (UTC+8): ',
    badTimer: 'this timer never fires: ',
    reload: "A change of a function's code or settings takes effect at its next call",
    stop: 'Ctrl-C stops it',
    missing: (names: string, { packages, command }: Cure) => [
      `⚠️  ${packages} not installed, so calls will fail: ${names}`,
      `   Stop, and run: ${command}`,
    ],
  },
} as const;
