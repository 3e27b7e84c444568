interface Row {
  readonly id: string;
}

export interface Merged<Shown extends Row> {
  /** The rows in the places where they were, as they are now. */
  readonly rows: Shown[];
  /** The ids of rows that belong to the page no more. */
  readonly gone: ReadonlySet<string>;
  /** How many rows the page has that are not shown. */
  readonly added: number;
}

/** Brings the rows of a page up to date without moving any: for a reader whose eyes or hands are on them. */
export function mergeRows<Shown extends Row>(
  shown: readonly Shown[],
  fresh: readonly Shown[],
): Merged<Shown> {
  const byId = new Map(fresh.map((row) => [row.id, row]));
  const known = new Set(shown.map(({ id }) => id));
  return {
    rows: shown.map((row) => byId.get(row.id) ?? row),
    gone: new Set(shown.filter(({ id }) => !byId.has(id)).map(({ id }) => id)),
    added: fresh.filter(({ id }) => !known.has(id)).length,
  };
}
