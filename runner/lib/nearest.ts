/** The known name that a misspelled one most likely means; undefined if none is close. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(name.length, candidate.length) / 3)
    .toSorted((a, b) => a.distance - b.distance);
  return best?.candidate ?? known.find((candidate) => contains(candidate, name));
}

/** Whether a name is a part of the other one that says most of it, such as `timeout` of `timeoutSeconds`. */
function contains(candidate: string, name: string): boolean {
  return name.length >= 4 && candidate.toLowerCase().includes(name.toLowerCase());
}

/** The number of characters to insert, remove or replace that turns one text into the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, character] of [...a].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (character === b[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
