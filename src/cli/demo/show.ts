import { sleep } from '../../core/index.ts';
import { nodePorts } from '../../core/node/index.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Language } from '../language.ts';
import type { Progress } from '../progress.ts';
import { play } from './acts.ts';
import { audit, type Figures } from './audit.ts';
import { ask, isDelivered, type Wish } from './people.ts';
import { keepPicture } from './picture.ts';
import { TIME_LIMIT_S, type Stage } from './stage.ts';

/** What the demonstration came to. */
export interface Outcome {
  readonly figures: Figures;
  /** Path of a picture that somebody got. */
  readonly picture: string;
}

export interface Audience {
  readonly progress: Progress;
  readonly language: Language;
}

const INITIAL_CREDITS = 20;
/** An open call is taken over when its time limit and a second's grace are over. */
const LEASE_MS = (TIME_LIMIT_S + 1) * 1_000;

/** Plays all acts on a stage, lets recovery and repair run, and looks at what is left. Rejects when the stage closes. */
export async function show(stage: Stage, { progress, language }: Audience): Promise<Outcome> {
  const wishes = await play(stage.emulator, {
    begins: (act) => progress.stage(act.name[language]),
    answered: (wish) => progress.step(wish.prompt),
  });
  await waitForLeases(stage, { progress, language });
  progress.stage(language === 'zh' ? '恢复与修复' : 'recovery and repair');
  await maintain(stage, language);
  // The mini programs that got no picture ask once more, with the same request id.
  for (const wish of wishes) if (!isDelivered(wish)) await ask(stage.emulator, wish);
  const figures = audit(await collect(stage, wishes));
  return { figures, picture: await keepPicture(stage.emulator, wishes, language) };
}

async function waitForLeases(stage: Stage, { progress, language }: Audience): Promise<void> {
  progress.stage(language === 'zh' ? '故障解除，等待中断调用的租约到期' : 'faults are over; waiting for leases to end');
  for (let leftMs = LEASE_MS; leftMs > 0 && stage.isOpen(); leftMs -= 1_000) {
    progress.step(`${leftMs / 1_000} s`);
    await sleep(nodePorts.clock, 1_000);
  }
}

// The maintenance functions, as their timers call them.
async function maintain({ emulator }: Stage, language: Language): Promise<void> {
  for (const name of ['recoverFromBackup', 'fixUserConsistency']) {
    const reply = await emulator.invoke(name, { Type: 'Timer', TriggerName: name }, { source: 'wx_trigger' });
    const code = 'result' in reply ? (reply.result as { code?: unknown }).code : reply.errMsg;
    const text = { zh: `${name} 执行失败：${String(code)}`, en: `${name} ended with ${String(code)}` };
    if (code !== 200) throw new CommandFailure(exitCodes.failed, text[language]);
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
