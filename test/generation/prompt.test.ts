import { expect, test } from 'vitest';
import { enhancedPromptOf, promptOf, titleOf, writtenIn } from '../../src/generation/prompt.ts';

const WISH = { prompt: '可爱的小猫', character: '', style: 'cartoon', emotion: '', mode: 'single' };

test('a prompt is one line of style, wish and quality', () => {
  expect(promptOf(WISH)).toBe('cartoon style, 可爱的小猫, high quality');
});

test('what somebody looks at is all that was written, a line for each, and no empty one', () => {
  expect(writtenIn(WISH)).toBe('可爱的小猫\ncartoon\nsingle');
});

test.each([
  ['alone', {}, 'cartoon style, 可爱的小猫, single picture, high quality, detailed'],
  [
    'with somebody in it and their mood',
    { character: '小女孩', emotion: '微笑' },
    'cartoon style, 小女孩, 可爱的小猫, 微笑 expression, single picture, high quality, detailed',
  ],
  ['with four in one', { mode: 'four' }, 'cartoon style, 可爱的小猫, four layout, high quality, detailed'],
])('what the service is told leaves out what was not asked for: %s', (_what, change, expected) => {
  expect(enhancedPromptOf({ ...WISH, ...change })).toBe(expected);
});

test.each([
  ['short', '可爱的小猫', '可爱的小猫'],
  ['of twelve characters', '一二三四五六七八九十一二', '一二三四五六七八九十一二'],
  ['longer', '一二三四五六七八九十一二三', '一二三四五六七八九十一二...'],
  ['of emoji, none of which is cut in half', '🐱'.repeat(13), `${'🐱'.repeat(12)}...`],
])('a title is the beginning of the wish: %s', (_what, prompt, title) => {
  expect(titleOf({ ...WISH, prompt })).toBe(title);
});
