interface Row {
  readonly id: string;
}

export interface Merged<Shown extends Row> {
  /** The rows in their old places, with their new values. */
  readonly rows: Shown[];
  /** The ids of rows that no longer belong to the page. */
  readonly gone: ReadonlySet<string>;
  /** The number of rows of the page that are not shown. */
  readonly added: number;
}

/** Updates the rows of a page without moving any, while the reader is using them. */
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
