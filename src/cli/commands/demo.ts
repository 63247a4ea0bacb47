import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { sleep } from '../../core/index.ts';
import { nodePorts } from '../../core/node/index.ts';
import { play } from '../demo/acts.ts';
import { audit, type Figures } from '../demo/audit.ts';
import { ask, isDelivered, type Wish } from '../demo/people.ts';
import { isKept, renderFigures } from '../demo/report.ts';
import { openStage, TIME_LIMIT_S, type Stage } from '../demo/stage.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { parseLanguage, type Language } from '../language.ts';
import { createProgress, type Progress } from '../progress.ts';
import type { CommandContext } from '../terminal.ts';

interface DemoOptions {
  readonly json?: boolean;
  readonly lang: string;
}

const INITIAL_CREDITS = 20;
/** An open call is taken over when its time limit and a second's grace are over. */
const LEASE_MS = (TIME_LIMIT_S + 1) * 1_000;

/** Adds `wx-durable demo`: the main job, while everything goes wrong, on a local cloud of its own. */
export function addDemoCommand(program: Command, { terminal, end }: CommandContext): void {
  program
    .command('demo')
    .description('在本地云上演示：故障不断，记录不丢不重 (watch the main job under faults)')
    .option('--json', '最后一行输出 JSON (end with one line of JSON)')
    .addHelpText('after', '\n示例 (example):\n  wx-durable demo --json')
    .action(async (_options, command: Command) => {
      const { json, lang } = command.optsWithGlobals<DemoOptions>();
      const language = parseLanguage(lang);
      const { figures, picture } = await demonstrate(language, createProgress(process.stderr));
      if (json) terminal.print(JSON.stringify(figures));
      else {
        for (const line of renderFigures(figures, language)) terminal.print(line);
        terminal.print(language === 'zh' ? `🖼️  其中一张图片：${picture}` : `🖼️  one of the pictures: ${picture}`);
      }
      end(isKept(figures) ? exitCodes.ok : exitCodes.problemsFound);
    });
}

async function demonstrate(language: Language, progress: Progress): Promise<{ figures: Figures; picture: string }> {
  const stage = await openStage();
  try {
    const wishes = await play(stage.emulator, {
      begins: (act) => progress.stage(act.name[language]),
      answered: (wish) => progress.step(wish.prompt),
    });
    await waitForLeases(progress, language);
    progress.stage(language === 'zh' ? '恢复与修复' : 'recovery and repair');
    await maintain(stage);
    // The mini programs that got no picture ask once more, with the same request id.
    for (const wish of wishes) if (!isDelivered(wish)) await ask(stage.emulator, wish);
    const figures = audit(await collect(stage, wishes));
    return { figures, picture: await keepPicture(stage, wishes) };
  } finally {
    progress.end();
    await stage.close();
  }
}

async function waitForLeases(progress: Progress, language: Language): Promise<void> {
  progress.stage(language === 'zh' ? '故障解除，等待中断调用的租约到期' : 'faults are over; waiting for leases to end');
  for (let leftMs = LEASE_MS; leftMs > 0; leftMs -= 1_000) {
    progress.step(`${leftMs / 1_000} s`);
    await sleep(nodePorts.clock, 1_000);
  }
}

// The maintenance functions, as their timers call them.
async function maintain({ emulator }: Stage): Promise<void> {
  for (const name of ['recoverFromBackup', 'fixUserConsistency']) {
    const reply = await emulator.invoke(name, { Type: 'Timer', TriggerName: name });
    const code = 'result' in reply ? (reply.result as { code?: unknown }).code : reply.errMsg;
    if (code !== 200) throw new CommandFailure(exitCodes.failed, `${name} ended with ${String(code)}`);
  }
}

async function collect(stage: Stage, wishes: readonly Wish[]) {
  const [works, letters, users, log] = await Promise.all([
    stage.dump('works'),
    stage.dump('emergency_backup'),
    stage.dump('users'),
    stage.log(),
  ]);
  return { wishes, paid: stage.emulator.pictureCalls(), works, letters, users, log, initialCredits: INITIAL_CREDITS };
}

// Fetched as a mini program would: by the record's file id, through the real SDK.
async function keepPicture({ emulator }: Stage, wishes: readonly Wish[]): Promise<string> {
  const fileID = wishes
    .flatMap((wish) => wish.answers)
    .find((answer) => answer.imageUrl.startsWith('cloud:'))?.imageUrl;
  if (fileID === undefined) throw new CommandFailure(exitCodes.failed, 'no picture was delivered');
  Object.assign(process.env, emulator.env);
  const { default: cloud } = await import('wx-server-sdk');
  cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV as unknown as string });
  const { fileContent } = (await cloud.downloadFile({ fileID })) as { fileContent: Uint8Array };
  const path = join(await mkdtemp(join(tmpdir(), 'wx-durable-demo-')), 'picture.png');
  await writeFile(path, fileContent);
  return path;
}
