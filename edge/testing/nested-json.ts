/** JSON of nested arrays. */
export const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** The depth of nested arrays. It does not use recursion, because such depths would overflow the stack. */
export function depthOf(value: unknown): number {
  let depth = 0;
  for (let inner = value; Array.isArray(inner); inner = inner[0]) depth++;
  return depth;
}
