/** A page of a list; `nextCursor` is absent on the last. */
export interface Page<Row> {
  readonly rows: Row[];
  readonly nextCursor?: string;
}

export interface Gathered<Row> extends Page<Row> {
  /** It is not full, and yet there is more to search: the search stopped at its bound. */
  readonly stopped: boolean;
}

/**
 * Asks on until a page is full: one answer looks at a bounded number of rows and may hold few or none.
 *
 * @param ask one answer of at most `limit` rows behind `cursor`.
 * @param maxAnswers after so many it stops.
 */
export async function gatherPage<Row>(
  ask: (cursor: string | undefined, limit: number) => Promise<Page<Row>>,
  size: number,
  cursor?: string,
  maxAnswers = 5,
): Promise<Gathered<Row>> {
  const rows: Row[] = [];
  let next = cursor;
  for (let answers = 0; answers < maxAnswers; answers += 1) {
    const page = await ask(next, size - rows.length);
    rows.push(...page.rows);
    next = page.nextCursor;
    if (next === undefined) return { rows, stopped: false };
    if (rows.length >= size) return { rows, nextCursor: next, stopped: false };
  }
  return { rows, ...(next !== undefined && { nextCursor: next }), stopped: true };
}
