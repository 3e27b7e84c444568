import type { JSX } from 'preact';
import { tasksHref } from '../../logic/route.ts';

/** A tag that links to the tasks with this tag. */
export function Tag({ tag }: { tag: string }): JSX.Element {
  return <Mark text={tag} href={tasksHref({ tag })} title={`Tasks tagged ${tag}`} />;
}

/** A type that links to its tasks. */
export function TypeMark({ type }: { type: string }): JSX.Element {
  return <Mark text={type} href={tasksHref({ type })} title={`Tasks of the type ${type}`} />;
}

function Mark({ text, href, title }: { text: string; href: string; title: string }): JSX.Element {
  return (
    <a class="tag" href={href} title={title}>
      <span>{text}</span>
    </a>
  );
}
