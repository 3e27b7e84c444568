import type { JSX } from 'preact';

const WIDTHS = ['62%', '78%', '54%', '70%', '46%'];

/** Stands where something will be, so that nothing moves when it comes. */
export function Skeleton({ at = 0 }: { at?: number }): JSX.Element {
  return <span class="skeleton" aria-hidden="true" style={{ '--width': WIDTHS[at % WIDTHS.length] }} />;
}

/** Rows of a table that will be filled. */
export function SkeletonRows({ rows, columns }: { rows: number; columns: number }): JSX.Element {
  return (
    <>
      {Array.from({ length: rows }, (_, row) => (
        <tr key={row}>
          {Array.from({ length: columns }, (_, column) => (
            <td key={column} class={column === 0 ? 'whole' : ''}>
              <Skeleton at={row + column} />
            </td>
          ))}
        </tr>
      ))}
    </>
  );
}
