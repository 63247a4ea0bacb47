import { describe, expect, it } from 'vitest';
import { codeOf, type Use } from './subject.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);

/** Files are what was put, under ids that can be told in advance. */
export function describeFiles(use: Use): void {
  describe('files', () => {
    it('are read back as they were put, whatever their bytes', async () => {
      const { blobs } = use();
      const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);
      const fileId = await blobs.put('pictures/all-bytes.bin', bytes);
      expect(await blobs.get(fileId)).toEqual(expect.objectContaining({ length: bytes.length }));
      expect(Buffer.from((await blobs.get(fileId)) ?? []).equals(Buffer.from(bytes))).toBe(true);
      expect(textOf(await blobs.get(await blobs.put('pictures/one.bin', bytesOf('\u0000'))))).toBe('\u0000');
    });

    it('are refused where they hold more than one asks for, and read up to that', async () => {
      const { blobs } = use();
      const fileId = await blobs.put('letters/ten.bin', new Uint8Array(10));
      expect(await codeOf(blobs.get(fileId, { maxBytes: 9 }))).toBe('STORE_TOO_LARGE');
      expect(await blobs.get(fileId, { maxBytes: 10 })).toHaveLength(10);
    });

    it('are replaced by what is put under the same name', async () => {
      const { blobs } = use();
      const first = await blobs.put('letters/a.json', bytesOf('one'));
      const second = await blobs.put('letters/a.json', bytesOf('two'));
      expect(second).toBe(first);
      expect(textOf(await blobs.get(first))).toBe('two');
    });

    it('have the id that was told before they were there', async () => {
      const { blobs } = use();
      const told = await blobs.fileId('letters/told.json');
      expect(await blobs.get(told)).toBeUndefined();
      expect(await blobs.put('letters/told.json', bytesOf('x'))).toBe(told);
    });

    it('are told from those that do not exist, more than 50 in one question', async () => {
      const { blobs } = use();
      const names = Array.from({ length: 60 }, (_, number) => `many/${number}.txt`);
      const fileIds = await Promise.all(names.map((name) => blobs.fileId(name)));
      for (const name of names.slice(0, 60).filter((_, number) => number % 10 === 9))
        await blobs.put(name, bytesOf(name));
      const present = await blobs.exists(fileIds);
      expect([...present].sort()).toEqual(fileIds.filter((_, number) => number % 10 === 9).sort());
      expect(await blobs.exists([])).toEqual(new Set());
    });

    it('have a temporary address each, and none where there is no file', async () => {
      const { blobs } = use();
      const here = await blobs.put('addresses/here.txt', bytesOf('here'));
      const gone = await blobs.fileId('addresses/gone.txt');
      const addresses = await blobs.temporaryUrls([here, gone]);
      expect([...addresses.keys()]).toEqual([here]);
      expect(addresses.get(here)).toBeTypeOf('string');
    });

    it('are gone once removed, and removing them again is no error', async () => {
      const { blobs } = use();
      const fileId = await blobs.put('removed/a.txt', bytesOf('a'));
      await blobs.remove([fileId]);
      expect(await blobs.get(fileId)).toBeUndefined();
      expect(await codeOf(blobs.remove([fileId]))).toBe('no error');
    });

    it.each(['../up', 'a/../b', '/a', 'a//b', 'a/', '', '.hidden', 'a b', '名.png', 'a\\b'])(
      'are refused under the name %j',
      async (name) => {
        const { blobs } = use();
        expect(await codeOf(() => blobs.put(name, bytesOf('x')))).toBe('INPUT_INVALID');
        expect(await codeOf(() => blobs.fileId(name))).toBe('INPUT_INVALID');
      },
    );

    it('take names of letters, digits and some marks, up to 256 of them', async () => {
      const { blobs } = use();
      expect(await codeOf(() => blobs.put('names/a-b_c.d/E9.png', bytesOf('x')))).toBe('no error');
      expect(await codeOf(() => blobs.fileId('a'.repeat(256)))).toBe('no error');
      expect(await codeOf(() => blobs.fileId('a'.repeat(257)))).toBe('INPUT_INVALID');
    });
  });
}
