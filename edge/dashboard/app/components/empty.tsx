import type { ComponentChildren, JSX } from 'preact';

interface EmptyProps {
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly actions?: ComponentChildren;
}

/** Explains that there is nothing to show, why, and what the reader can do next. */
export function Empty({ title, children, actions }: EmptyProps): JSX.Element {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {actions !== undefined && <div class="actions">{actions}</div>}
    </div>
  );
}
