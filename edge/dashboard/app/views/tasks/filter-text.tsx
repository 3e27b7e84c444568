import type { JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

const SETTLED_AFTER_MS = 350;

interface FilterTextProps {
  readonly label: string;
  readonly value: string;
  /** `replace` is true if the history entry that this field added before must be replaced. */
  readonly onCommit: (value: string, replace: boolean) => void;
  readonly list?: string;
  readonly placeholder?: string;
  readonly class?: string;
  /** The key `/` moves the focus here. */
  readonly isFirst?: boolean;
}

/** A text of the filter. It applies when the reader stops typing, and adds only one entry to the history. */
export function FilterText(props: FilterTextProps): JSX.Element {
  const { label, value, onCommit, list, placeholder, isFirst, class: className = '' } = props;
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const hasCommitted = useRef(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => {
    if (document.activeElement !== input.current || !hasCommitted.current) setText(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const commit = (typed: string) => {
    clearTimeout(timer.current);
    const trimmed = typed.trim();
    if (trimmed === value) return;
    onCommit(trimmed, hasCommitted.current);
    hasCommitted.current = true;
  };
  return (
    <div class={`field ${className}`}>
      <label for={id}>{label}</label>
      <input
        ref={input}
        id={id}
        class="input"
        type="search"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        {...(list !== undefined && { list })}
        placeholder={placeholder}
        data-filter={isFirst ? '' : undefined}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          clearTimeout(timer.current);
          const typed = currentTarget.value;
          timer.current = setTimeout(() => commit(typed), SETTLED_AFTER_MS);
        }}
        onKeyDown={({ key, currentTarget }) => {
          if (key === 'Enter') commit(currentTarget.value);
        }}
        onBlur={({ currentTarget }) => {
          commit(currentTarget.value);
          hasCommitted.current = false;
        }}
      />
    </div>
  );
}
