/** Cuts a list into pieces, in order, each of at most `maxBytes` or of one item, and of at most `maxItems`. */
export function chunks<Item extends { bytes: number }>(
  items: readonly Item[],
  maxBytes: number,
  maxItems = Number.POSITIVE_INFINITY,
): Item[][] {
  const result: Item[][] = [];
  let chunk: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    if (chunk.length > 0 && (chunk.length === maxItems || bytes + item.bytes > maxBytes)) {
      result.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(item);
    bytes += item.bytes;
  }
  return chunk.length === 0 ? result : [...result, chunk];
}
