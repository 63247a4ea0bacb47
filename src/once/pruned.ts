/**
 * Which holds were pruned, in a fixed kilobyte of the account: a Bloom filter of 4,096 bits over record ids. It never
 * wrongly says "no"; it wrongly says "yes" for about 1 in 100 ids after 300 holds, and 1 in 7 after 1,000. It is asked
 * only where the record, which knows for certain, cannot be read.
 */
const DIGITS = 1_024;
const BITS_PER_DIGIT = 4;

/** The filter with these ids in it; `before` is the one so far. */
export function addPruned(before: string | undefined, ids: readonly string[]): string {
  const digits = [...(before ?? '').padEnd(DIGITS, '0')].map((digit) => parseInt(digit, 16));
  for (const { digit, bit } of ids.flatMap(placesOf)) digits[digit] = (digits[digit] ?? 0) | bit;
  return digits.map((digit) => digit.toString(16)).join('');
}

/** Whether the hold of this id may have been pruned. */
export function mayBePruned(filter: string | undefined, id: string): boolean {
  if (filter === undefined) return false;
  return placesOf(id).every(({ digit, bit }) => (parseInt(filter[digit] ?? '0', 16) & bit) !== 0);
}

function placesOf(id: string): readonly { readonly digit: number; readonly bit: number }[] {
  let hash = 2_166_136_261;
  // FNV-1a: nobody gains by a collision, which can only refuse.
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 16_777_619);
  return [hash, hash >>> 10, hash >>> 20].map((number) => {
    const place = number & (DIGITS * BITS_PER_DIGIT - 1);
    return { digit: place >>> 2, bit: 1 << (place & 3) };
  });
}
