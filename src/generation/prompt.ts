import type { GenerateInput } from '../records/index.ts';

/** What a person asked for, without the request's own fields. */
export type Wish = Pick<GenerateInput, 'prompt' | 'character' | 'style' | 'emotion' | 'mode'>;

const TITLE_LENGTH = 12;

/** Everything that the person wrote, for those who must look at it. */
export function writtenIn({ prompt, character, style, emotion, mode }: Wish): string {
  return [prompt, character, style, emotion, mode].filter((part) => part !== '').join('\n');
}

/** A title for lists: the beginning of the wish. */
export function titleOf(wish: Wish): string {
  const characters = [...wish.prompt];
  return characters.length <= TITLE_LENGTH ? wish.prompt : `${characters.slice(0, TITLE_LENGTH).join('')}...`;
}

/** The wish as one line: style, what is to be seen, quality. */
export function promptOf(wish: Wish): string {
  return [`${wish.style} style`, wish.prompt, 'high quality'].join(', ');
}

/** What the image service is told: the line, with who is in it, their mood, and how many pictures in one. */
export function enhancedPromptOf(wish: Wish): string {
  const layout = wish.mode === 'single' ? 'single picture' : `${wish.mode} layout`;
  const parts = [
    `${wish.style} style`,
    wish.character,
    wish.prompt,
    wish.emotion && `${wish.emotion} expression`,
    layout,
  ];
  return [...parts.filter((part) => part !== ''), 'high quality, detailed'].join(', ');
}
