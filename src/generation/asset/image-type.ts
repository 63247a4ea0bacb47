/** An image format as files of it are named and served. */
export interface ImageType {
  readonly contentType: string;
  readonly extension: string;
}

const type = (name: string, extension = name): ImageType => ({ contentType: `image/${name}`, extension });

const MAGIC: readonly (readonly [first: string, at: number, type: ImageType])[] = [
  ['\x89PNG', 0, type('png')],
  ['\xff\xd8\xff', 0, type('jpeg', 'jpg')],
  ['WEBP', 8, type('webp')],
  ['GIF8', 0, type('gif')],
];

// AVIF and HEIC are boxes of one family with videos; only the brands tell them apart. An AVIF may name the family's
// own brand first, so the more telling ones are looked for first. Source: ISO/IEC 14496-12 §4.3, 23008-12 §10.
const BRANDS: readonly (readonly [brand: RegExp, type: ImageType])[] = [
  [/^avi[fs]$/, type('avif')],
  [/^he[iv][cxms]$/, type('heic')],
  [/^m[is]f1$/, type('heif')],
];

/** The longest list of brands that is read; real ones have about ten. */
const MAX_FTYP_BYTES = 256;

/** What image these bytes are by their content, whatever anybody calls them; undefined where they are none. */
export function imageTypeOf(bytes: Uint8Array): ImageType | undefined {
  const known = MAGIC.find(([first, at]) => textAt(bytes, at).startsWith(first));
  if (known) return known[2];
  const brands = brandsOf(bytes);
  return BRANDS.find(([brand]) => brands.some((name) => brand.test(name)))?.[1];
}

function brandsOf(bytes: Uint8Array): readonly string[] {
  if (bytes.length < 16 || textAt(bytes, 4) !== 'ftyp') return [];
  const boxBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const end = Math.min(boxBytes, bytes.length, MAX_FTYP_BYTES);
  const brands = [textAt(bytes, 8)];
  // Bytes 12 to 15 are the major brand's version.
  for (let at = 16; at + 4 <= end; at += 4) brands.push(textAt(bytes, at));
  return brands;
}

/** Four bytes, each as the character of its number. */
function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
