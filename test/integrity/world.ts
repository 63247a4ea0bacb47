import { beijingDay } from '../../src/core/index.ts';
import type { Document } from '../../src/store/index.ts';
import { composeLetterFor } from '../support/letters.ts';

/** Noon of a Beijing Sunday. */
export const NOW_MS = Date.UTC(2026, 10, 22, 4, 0, 0);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const TODAY = beijingDay(NOW_MS);

/** The documents of a small deployment. */
export interface World {
  readonly users: Document[];
  readonly works: Document[];
  readonly emergency_backup: Document[];
  /** Names of the files that storage has. */
  readonly files: string[];
}

type Fields = Readonly<Record<string, unknown>>;

export const userIdOf = (number: number): string => `u_${String(number).padStart(4, '0')}`;
export const workIdOf = (number: number, name: number | string): string =>
  `w_${String(number).padStart(4, '0')}_${name}`;
export const fileIdOf = (workId: string): string => `memory://blobs/wx-durable/pictures/${workId}_1.png`;

/** A user as the library keeps them, right in everything for `completed` works and no use today. */
export function user(number: number, completed: number, fields: Fields = {}): Document {
  return {
    _id: userIdOf(number),
    openid: `o${number}`,
    credits: 20,
    generateCount: completed,
    vipLevel: 0,
    quota: { open: 0, seq: 2 * completed, used: {}, holds: {} },
    ...fields,
  };
}

/** A sound record of two days ago; `name` makes it one of several of this user. */
export function work(number: number, name: number | string, fields: Fields = {}): Document {
  const _id = workIdOf(number, name);
  const createdAt = (fields['createdAt'] as Date | undefined) ?? new Date(NOW_MS - 2 * DAY_MS - number * MINUTE_MS);
  const at = createdAt instanceof Date ? createdAt.getTime() : NOW_MS - 2 * DAY_MS;
  return {
    _id,
    id: _id,
    userId: userIdOf(number),
    openid: `o${number}`,
    title: '小猫',
    prompt: `cartoon style, 小猫 ${name}, high quality`,
    originalPrompt: `小猫 ${name}`,
    status: 'completed',
    errorMessage: '',
    errorCode: null,
    imageUrl: 'https://pictures.example/1.png',
    asset: { state: 'copied', fileId: fileIdOf(_id), sourceUrl: null, bytes: 8, contentType: 'image/png', error: null },
    requestId: `r-${number}-${name}`,
    provider: 'local',
    createdAt,
    finishedAt: new Date(at + 4_000),
    day: beijingDay(at),
    price: 1,
    token: `t${number}${name}`,
    attempt: 1,
    hash: 'h',
    schemaVersion: 1,
    ...fields,
  };
}

/** A failed record. */
export const failedWork = (number: number, name: number | string, fields: Fields = {}): Document =>
  work(number, name, { status: 'failed', errorCode: 'PROVIDER_FAILED', imageUrl: '', asset: null, ...fields });

/** An unknown record. */
export const unknownWork = (number: number, name: number | string, fields: Fields = {}): Document =>
  work(number, name, { status: 'unknown', imageUrl: '', asset: null, finishedAt: null, ...fields });

/** A record as the code before this library wrote it. */
export function olderWork(number: number, name: number | string, fields: Fields = {}): Document {
  const { _id, userId, openid, title, prompt, originalPrompt, imageUrl, status, createdAt } = work(number, name);
  return {
    _id,
    id: `work_${name}`,
    userId,
    openid,
    title,
    prompt,
    originalPrompt,
    imageUrl,
    status,
    createdAt,
    ...fields,
  };
}

/** Users with so many completed works each, and a failed one, in which nothing is wrong. */
export function healthyWorld(users: number, worksEach: number): World {
  const world: World = { users: [], works: [], emergency_backup: [], files: [] };
  for (let number = 0; number < users; number += 1) {
    world.users.push(user(number, worksEach));
    for (let name = 0; name < worksEach; name += 1) addWork(world, work(number, name));
    addWork(world, failedWork(number, 'failed'));
  }
  return world;
}

/** Adds a record, with the file of its picture. */
export function addWork(world: World, document: Document): Document {
  world.works.push(document);
  const { asset } = document as { asset?: { fileId?: string | null } | null };
  if (asset?.fileId) world.files.push(asset.fileId.replace('memory://blobs/', ''));
  return document;
}

/** Adds a letter that waits with this record. */
export function addLetter(world: World, document: Document): void {
  world.emergency_backup.push(composeLetterFor(document));
}
