/** Documents as this library writes them, made up. */
import { createHash } from 'node:crypto';

const DAY_MS = 86_400_000;
const NOW_MS = Date.now();
// Ids are hashes, as the library's are.
const hex = (index: number): string => createHash('sha256').update(String(index)).digest('hex').slice(0, 32);

export const userIdOf = (index: number): string => `u_${hex(index)}`;
export const workIdOf = (index: number): string => `w_${hex(index)}`;

/** A person who has made so many pictures, and whose holds are these, so many of them open. */
export function account(index: number, generateCount: number, holds: object = {}, open = 0): object {
  return {
    _id: userIdOf(index),
    openid: `o${hex(index)}`,
    credits: 20,
    generateCount,
    quota: { open, seq: generateCount * 2, used: {}, holds },
  };
}

/** A finished picture of this person; the last year's, evenly. */
export function work(index: number, user: number) {
  const createdAt = new Date(NOW_MS - ((index * 7_919) % 365) * DAY_MS - 1_000);
  return {
    _id: workIdOf(index),
    id: workIdOf(index),
    userId: userIdOf(user),
    openid: `o${hex(user)}`,
    title: '海边的灯塔',
    prompt: 'cartoon style, 海边的灯塔, high quality',
    originalPrompt: '海边的灯塔',
    character: '',
    style: 'cartoon',
    emotion: '',
    mode: 'single',
    imageUrl: `cloud://emu-env.emu/pictures/${hex(index)}.png`,
    enhancedPrompt: 'cartoon style, 海边的灯塔, high quality',
    status: 'completed',
    errorMessage: '',
    errorCode: null,
    createdAt,
    finishedAt: new Date(createdAt.getTime() + 900),
    requestId: `r${index}`,
    provider: 'local',
    asset: {
      state: 'copied',
      fileId: `cloud://emu-env.emu/pictures/${hex(index)}.png`,
      sourceUrl: null,
      bytes: 1_000,
      contentType: 'image/png',
      error: null,
    },
    day: '20260101',
    price: 1,
    token: hex(index),
    attempt: 1,
    hash: hex(index),
    schemaVersion: 1,
  };
}
