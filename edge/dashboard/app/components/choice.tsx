import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface ChoiceProps<Value extends string> {
  /** What is chosen, for those who hear the page. */
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly text: ComponentChildren }[];
  readonly value: Value;
  readonly onChoose: (value: Value) => void;
}

/** Some choices side by side, one of which holds. */
export function Choice<Value extends string>(props: ChoiceProps<Value>): JSX.Element {
  const { label, options, value, onChoose } = props;
  const name = useId();
  const chosen = useRef<HTMLLabelElement>(null);
  // Where they do not all fit, the one that holds is in sight.
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
