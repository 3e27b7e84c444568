import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface ChoiceProps<Value extends string> {
  /** What the reader chooses, for screen readers. */
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly text: ComponentChildren }[];
  readonly value: Value;
  readonly onChoose: (value: Value) => void;
}

/** Options side by side, of which one is selected. */
export function Choice<Value extends string>(props: ChoiceProps<Value>): JSX.Element {
  const { label, options, value, onChoose } = props;
  const name = useId();
  const chosen = useRef<HTMLLabelElement>(null);
  // If the options do not all fit, the selected one is visible.
  useEffect(() => chosen.current?.scrollIntoView({ block: 'nearest', inline: 'center' }), []);
  return (
    <fieldset class="choice">
      <legend class="unseen">{label}</legend>
      {options.map((option) => (
        <label key={option.value} ref={option.value === value ? chosen : null}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChoose(option.value)}
          />
          {option.text}
        </label>
      ))}
    </fieldset>
  );
}
