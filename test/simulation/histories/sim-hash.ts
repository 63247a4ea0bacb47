import type { Hash } from '../../../src/core/index.ts';
import { nodeHash } from '../../../src/core/node/index.ts';

/** So many texts are remembered at most. */
const MOST = 2_000;

/** Node's hashes, each made once: the same people make the same requests in every world, and letters are proved often. */
export const simHash: Hash = {
  sha256: remembered((text) => nodeHash.sha256(text)),
  hmacSha256: (key, text) => nodeHash.hmacSha256(key, text),
};

function remembered(make: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= MOST) known.clear();
    const made = make(text);
    known.set(text, made);
    return made;
  };
}
