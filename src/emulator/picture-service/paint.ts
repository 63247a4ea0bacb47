import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { backdropSteps } from './backdrop.ts';
import { createBrush } from './brush.ts';
import { detailSteps } from './details.ts';
import { planScene } from './scene.ts';

/** The picture of a hash as PNG: a landscape, always the same for the same hash. */
export async function paintPicture(hash: string): Promise<Buffer> {
  // Loaded on first use: most runs of the local cloud never paint.
  const { encodePNGToStream, make } = await import('pureimage');
  const scene = planScene(hash);
  const bitmap = make(scene.size, scene.size);
  const brush = createBrush(bitmap);
  for (const step of [...backdropSteps(brush, scene), ...detailSteps(bitmap.getContext('2d'), brush, scene)]) {
    step();
    // The database lives in the same process; nobody's query shall wait for a whole picture.
    await nextTurn();
  }
  const stream = new PassThrough();
  const [png] = await Promise.all([buffer(stream), encodePNGToStream(bitmap, stream)]);
  return png;
}
