/** A page of a list; `nextCursor` is absent on the last. */
export interface Page<Row> {
  readonly rows: Row[];
  readonly nextCursor?: string;
}

export interface Gathered<Row> extends Page<Row> {
  /** It is not full, and yet there is more to search: the search stopped at its bound. */
  readonly stopped: boolean;
}

export interface GatherOptions<Row> {
  readonly size: number;
  readonly cursor?: string | undefined;
  /** After so many it stops. */
  readonly maxAnswers: number;
  /** Called before each further answer is asked for, with what was gathered. */
  readonly onFound?: ((found: Gathered<Row>) => void) | undefined;
}

/**
 * Asks on until a page is full: one answer looks at a bounded number of rows and may hold few or none.
 *
 * @param ask one answer of at most `limit` rows behind `cursor`.
 */
export async function gatherPage<Row>(
  ask: (cursor: string | undefined, limit: number) => Promise<Page<Row>>,
  { size, cursor, maxAnswers, onFound }: GatherOptions<Row>,
): Promise<Gathered<Row>> {
  const rows: Row[] = [];
  let next = cursor;
  for (let answers = 1; ; answers += 1) {
    const page = await ask(next, size - rows.length);
    rows.push(...page.rows);
    next = page.nextCursor;
    if (next === undefined) return { rows, stopped: false };
    if (rows.length >= size) return { rows, nextCursor: next, stopped: false };
    const found = { rows: [...rows], nextCursor: next, stopped: true };
    if (answers >= maxAnswers) return found;
    onFound?.(found);
  }
}

/**
 * A page that was gathered again, with what is behind it: where it stopped sooner than the search before, the
 * rows that this one found further back stay.
 */
export function withFurther<Row extends { readonly id: string }>(
  page: Gathered<Row>,
  before: Gathered<Row>,
  size: number,
): Gathered<Row> {
  const from = page.nextCursor;
  if (!page.stopped || from === undefined) return page;
  if (before.nextCursor !== undefined && before.nextCursor >= from) return page;
  const rows = [...page.rows, ...before.rows.filter(({ id }) => id < from)];
  const last = rows[size - 1];
  if (rows.length > size && last) return { rows: rows.slice(0, size), nextCursor: last.id, stopped: false };
  return { ...before, rows };
}
