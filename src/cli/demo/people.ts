import type { Emulator } from '../../emulator/index.ts';

/** One picture that somebody wished for, with every answer that came; kept by the client, not by the library. */
export interface Wish {
  readonly openid: string;
  readonly requestId: string;
  readonly prompt: string;
  readonly answers: Answer[];
}

/** What the mini program saw. */
export interface Answer {
  /** The envelope's code; 0 where the function itself died. */
  readonly code: number;
  /** Our error code, or the platform's text. */
  readonly error: string;
  readonly workId: string;
  readonly imageUrl: string;
  readonly savedIn: string;
}

/** Calls `generateImage` for a wish as `wx.cloud.callFunction` would, and notes the answer. */
export async function ask(emulator: Emulator, wish: Wish): Promise<Answer> {
  const event = { action: 'generate', data: { prompt: wish.prompt, requestId: wish.requestId } };
  const reply = await emulator.invoke('generateImage', event, { openid: wish.openid });
  const answer = 'result' in reply ? readEnvelope(reply.result) : { ...NOTHING, error: reply.errMsg };
  wish.answers.push(answer);
  return answer;
}

/** Whether the picture has been delivered. */
export function isDelivered(wish: Wish): boolean {
  return wish.answers.some((answer) => answer.code === 200);
}

const NOTHING: Answer = { code: 0, error: '', workId: '', imageUrl: '', savedIn: '' };

function readEnvelope(result: unknown): Answer {
  const { code, data, error } = result as {
    code: number;
    data?: { workId: string; imageUrl: string; savedIn: string };
    error?: { code: string };
  };
  if (data) return { code, error: '', workId: data.workId, imageUrl: data.imageUrl, savedIn: data.savedIn };
  return { ...NOTHING, code, error: error?.code ?? '' };
}
