import { paintPicture } from './paint.ts';

/** Pictures by hash, painted when somebody looks. */
export interface Gallery {
  picture(hash: string): Promise<Buffer>;
}

/** A picture is often fetched twice, by the function that copies it and by a person who looks. */
const REMEMBERED = 16;

/** A gallery that paints one picture at a time. */
export function createGallery(paint: (hash: string) => Promise<Buffer> = paintPicture): Gallery {
  const known = new Map<string, Promise<Buffer>>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    picture(hash) {
      const painted = known.get(hash) ?? last.then(() => paint(hash));
      last = painted.catch(() => known.delete(hash));
      known.set(hash, painted);
      const [oldest] = known.keys();
      if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
      return painted;
    },
  };
}
