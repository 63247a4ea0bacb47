import { lstat, mkdir, mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Emulator } from '../../emulator/index.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import type { Language } from '../language.ts';
import { loadSdk } from '../target/sdk.ts';
import type { Wish } from './people.ts';

/** Where the picture of the last demonstration lies: one file, however often it is played. */
const FOLDER_NAME = 'wx-durable-demo';

/**
 * Fetches one of the delivered pictures as a mini program would, by the record's file id and through the real SDK,
 * and puts it where it stays when the demonstration is over. Answers its path.
 */
export async function keepPicture(emulator: Emulator, wishes: readonly Wish[], language: Language): Promise<string> {
  const fileID = wishes
    .flatMap((wish) => wish.answers)
    .find((answer) => answer.imageUrl.startsWith('cloud:'))?.imageUrl;
  if (fileID === undefined) throw new CommandFailure(exitCodes.failed, noPicture[language]);
  Object.assign(process.env, emulator.env);
  const { cloud } = loadSdk(language);
  cloud.init({ env: emulator.env['TCB_ENV'] ?? '' });
  const { fileContent } = (await cloud.downloadFile({ fileID })) as { fileContent: Uint8Array };
  const folder = await ownFolder();
  const draft = join(folder, `picture.${process.pid}.png`);
  await writeFile(draft, fileContent);
  // In one step: two demonstrations at once must not mix their pictures.
  await rename(draft, join(folder, 'picture.png'));
  return join(folder, 'picture.png');
}

const noPicture = { zh: '没有任何图片送达', en: 'no picture was delivered' };

/** A folder of this user below the one that everybody may write to; where somebody else has taken its name, a new one. */
async function ownFolder(): Promise<string> {
  const uid = process.getuid?.();
  const path = join(tmpdir(), uid === undefined ? FOLDER_NAME : `${FOLDER_NAME}-${uid}`);
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  const isOurs = found.isDirectory() && (uid === undefined || found.uid === uid);
  return isOurs ? path : mkdtemp(`${path}-`);
}
