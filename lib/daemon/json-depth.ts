const quote = 0x22;
const backslash = 0x5c;
const opening: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const closing: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/**
 * Whether a JSON text nests deeper than `most` levels, by its bytes alone: a parser would need a lot of memory only to
 * find out. Says nothing about whether it is JSON.
 */
export function nestsDeeper(json: Buffer, most: number): boolean {
  // Each level takes two bytes.
  if (json.length <= 2 * most) return false;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0;
    if (inString) {
      if (byte === backslash) at++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (opening.has(byte)) {
      if (++depth > most) return true;
    } else if (closing.has(byte)) depth--;
  }
  return false;
}
