/** JSON of arrays in each other. */
export const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** How many arrays lie in each other. Counted without recursion, which such depths end. */
export function depthOf(value: unknown): number {
  let depth = 0;
  for (let inner = value; Array.isArray(inner); inner = inner[0]) depth++;
  return depth;
}
