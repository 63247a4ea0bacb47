/** A picture's file that is asked for. */
export type SampledFile = { readonly id: string; readonly fileId: string; readonly rank: number };

const SAMPLE = 100;

/**
 * Keeps the 100 files of the lowest rank, in order of it. The rank is a hash of the record's id and `salt`: the sample
 * is as good as drawn by lot, the same however the walk is cut, and another one in every run.
 */
export function keepSample(sample: SampledFile[], file: { id: string; fileId: string }, salt: number): void {
  const rank = rankOf(`${salt} ${file.id}`);
  const last = sample.at(-1);
  if (last && sample.length >= SAMPLE && rank > last.rank) return;
  const at = sample.findIndex((other) => other.rank > rank || (other.rank === rank && other.id > file.id));
  sample.splice(at === -1 ? sample.length : at, 0, { ...file, rank });
  if (sample.length > SAMPLE) sample.pop();
}

// FNV-1a with a final mixing, since ids that differ in their last letter alone must rank far apart.
function rankOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
