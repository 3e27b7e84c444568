/** A page of a list. The last page has no `nextCursor`. */
export interface Page<Row> {
  readonly rows: Row[];
  readonly nextCursor?: string;
}

export interface Gathered<Row> extends Page<Row> {
  /** The search reached its limit: the page is not full, but there is more to search. */
  readonly stopped: boolean;
}

export interface GatherOptions<Row> {
  readonly size: number;
  readonly cursor?: string | undefined;
  /** The maximum number of calls. */
  readonly maxAnswers: number;
  /** Called before each further call, with what was gathered so far. */
  readonly onFound?: ((found: Gathered<Row>) => void) | undefined;
}

/**
 * Makes calls until a page is full. One call looks at a bounded number of rows and may find few or none.
 *
 * @param ask makes one call, for at most `limit` rows after `cursor`.
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
 * Completes a page that was gathered again. If it stopped earlier than the previous search, the older rows of the
 * previous search are kept.
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
