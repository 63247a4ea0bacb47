/** How far a command is: one line that is rewritten on a terminal, one line a stage elsewhere; on standard error. */
export interface Progress {
  /** A new stage begins. */
  stage(text: string): void;
  /** A step within the stage; seen on a terminal only. */
  step(text: string): void;
  /** Takes the line away; what follows is the result. */
  end(): void;
}

const CLEAR_LINE = '\r\u001b[2K';

/** Progress on this stream; no control characters where it is no terminal. */
export function createProgress(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>): Progress {
  if (!stream.isTTY) {
    return { stage: (text) => void stream.write(`▶ ${text}\n`), step: () => undefined, end: () => undefined };
  }
  let current = '';
  const show = (text: string): void => void stream.write(`${CLEAR_LINE}${fit(`▶ ${text}`, stream.columns || 80)}`);
  return {
    stage(text) {
      current = text;
      show(text);
    },
    step: (text) => show(`${current}  ${text}`),
    end: () => void stream.write(CLEAR_LINE),
  };
}

// Chinese characters are two columns wide; a line that wraps cannot be rewritten.
function fit(text: string, columns: number): string {
  let width = 0;
  let shown = '';
  for (const character of text) {
    width += character.charCodeAt(0) > 0x2e7f ? 2 : 1;
    if (width >= columns) break;
    shown += character;
  }
  return shown;
}
