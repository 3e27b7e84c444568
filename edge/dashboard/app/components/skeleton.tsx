import type { JSX } from 'preact';

const WIDTHS = ['62%', '78%', '54%', '70%', '46%'];

/** A placeholder for content that is still loading. It reserves the space, so nothing moves later. */
export function Skeleton({ at = 0 }: { at?: number }): JSX.Element {
  return <span class="skeleton" aria-hidden="true" style={{ '--width': WIDTHS[at % WIDTHS.length] }} />;
}

/** Placeholder rows of a table that is still loading. */
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
