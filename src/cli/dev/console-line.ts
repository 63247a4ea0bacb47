/** One piece of a function's console output, as the local cloud hands it over. */
export interface ConsoleOutput {
  readonly function: string;
  readonly requestId: string;
  readonly text: string;
}

/** The output's lines, each led by the function and the start of its request id, so that parallel calls can be told apart. */
export function formatConsoleLine({ function: name, requestId, text }: ConsoleOutput): string[] {
  const prefix = `[${name} ${requestId.slice(0, 8)}] `;
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => prefix + line);
}
