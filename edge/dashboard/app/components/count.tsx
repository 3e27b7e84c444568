import type { JSX } from 'preact';
import { formatCount } from '../../logic/counts.ts';

/** A number in a table. Zero is drawn pale; any other number is a link if `href` is given. */
export function Count({ value, href, what }: { value: number; href?: string; what?: string }): JSX.Element {
  if (value === 0) return <span class="zero">0</span>;
  const text = formatCount(value);
  if (href === undefined) return <span>{text}</span>;
  return (
    <a href={href} aria-label={what === undefined ? undefined : `${text} ${what}`}>
      {text}
    </a>
  );
}
