import type { Language } from '../language.ts';

/** What there is to say about a local cloud that has started. */
export interface WelcomeFacts {
  readonly emulator: { readonly url: string };
  /** Shell script that sets the environment of a client process. */
  readonly envFile: string;
  readonly functions: readonly string[];
  readonly dir: string;
  readonly functionsDir: string;
  readonly provider: string | undefined;
  readonly language: Language;
}

/** The lines a person reads when the local cloud has started: where it is, what runs there, how to call it. */
export function welcome(facts: WelcomeFacts): string[] {
  const { emulator, language } = facts;
  const text = TEXTS[language];
  return [
    `${text.started}${emulator.url}`,
    `  ${text.target}emulator (${facts.dir})`,
    `  ${text.functions}${facts.functions.join(', ') || text.noFunctions(facts.functionsDir)}`,
    `  ${text.provider}${facts.provider ?? text.noProvider}`,
    '',
    text.call,
    ...curl(emulator.url, facts.functions),
    '',
    text.connect,
    `  . ${shellQuote(facts.envFile)}`,
    '',
    text.stop,
  ];
}

const PICTURE = { action: 'generate', data: { prompt: '海边的灯塔' } };

function curl(url: string, functions: readonly string[]): string[] {
  const isOurs = functions.length === 0 || functions.includes('generateImage');
  const name = isOurs ? 'generateImage' : functions[0];
  return [
    `  curl -s ${url}/invoke/${name} -H 'x-wx-openid: oDemoUser' \\`,
    `    -d ${shellQuote(JSON.stringify(isOurs ? PICTURE : {}))}`,
  ];
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

const TEXTS = {
  zh: {
    started: '本地云开发已启动：',
    target: '目标：',
    functions: '云函数：',
    noFunctions: (folder: string) => `${folder} 中没有云函数，请先运行 npm run build`,
    provider: '图片服务：',
    noProvider: '未指定（由环境变量 WX_DURABLE_PROVIDER 决定）',
    call: '像小程序一样调用云函数：',
    connect: '让使用 wx-server-sdk 的进程连接到这里（在它的终端中执行）：',
    stop: '按 Ctrl-C 停止',
  },
  en: {
    started: 'The local cloud is running at ',
    target: 'target: ',
    functions: 'functions: ',
    noFunctions: (folder: string) => `none in ${folder}; run npm run build first`,
    provider: 'picture service: ',
    noProvider: 'not given (WX_DURABLE_PROVIDER of the environment decides)',
    call: 'Call a function as a mini program would:',
    connect: 'Connect a process that uses wx-server-sdk (in its shell):',
    stop: 'Ctrl-C stops it',
  },
} as const;
