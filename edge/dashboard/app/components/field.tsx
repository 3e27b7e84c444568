import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

/** The attributes that connect a control with its label, hint and issue. */
export interface ControlProps {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean;
}

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly issue?: string | undefined;
  readonly class?: string;
  readonly children: (props: ControlProps) => ComponentChildren;
}

/** A control with its label, a hint, and the issue of its value. */
export function Field({ label, hint, issue, class: className = '', children }: FieldProps): JSX.Element {
  const id = useId();
  const about = [hint !== undefined && `${id}-hint`, issue !== undefined && `${id}-issue`].filter(Boolean);
  return (
    <div class={`field ${className}`}>
      <label for={id}>{label}</label>
      {children({
        id,
        'aria-describedby': about.length > 0 ? about.join(' ') : undefined,
        'aria-invalid': issue !== undefined,
      })}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {issue !== undefined && (
        <p class="issue" id={`${id}-issue`}>
          {issue}
        </p>
      )}
    </div>
  );
}
