import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { excerpt, readJson } from '../../../../../client/json-fault.ts';
import { Field } from '../../components/field.tsx';
import type { Draft } from '../../state/submission.ts';

const ROWS = 9;

/** The editor of a payload. If the text is not JSON, it shows the position of the fault. */
export function PayloadField({ draft }: { draft: Draft }): JSX.Element {
  const editor = useRef<HTMLTextAreaElement>(null);
  const text = draft.form.value.payload;
  const issue = draft.issues.value.payload;
  return (
    <div class="payload">
      <Field label="Payload, as JSON" issue={issue}>
        {(control) => (
          <textarea
            {...control}
            ref={editor}
            class="input"
            rows={ROWS}
            spellcheck={false}
            autocapitalize="off"
            value={text}
            onInput={({ currentTarget }) => draft.set('payload', currentTarget.value)}
            onBlur={() => draft.checkPayload()}
          />
        )}
      </Field>
      {issue !== undefined && <Place text={text} editor={() => editor.current} />}
      <button
        type="button"
        class="button small plain format"
        onClick={() => {
          const reading = readJson(text);
          if ('value' in reading) draft.set('payload', JSON.stringify(reading.value, null, 2));
          else draft.checkPayload();
        }}
      >
        Format
      </button>
    </div>
  );
}

/** The line with the fault, a mark below it, and a button that goes there. */
function Place({
  text,
  editor,
}: {
  text: string;
  editor: () => HTMLTextAreaElement | null;
}): JSX.Element | null {
  const reading = readJson(text);
  if (!('fault' in reading)) return null;
  const { fault } = reading;
  const shown = excerpt(text, fault);
  const goThere = () => {
    const area = editor();
    area?.focus();
    area?.setSelectionRange(fault.offset, fault.offset + Math.max(1, fault.length));
  };
  return (
    <div class="fault-place">
      <pre class="place" aria-hidden="true">
        {shown.text}
        {'\n'}
        {' '.repeat(shown.at)}
        <span class="caret">^</span>
      </pre>
      <button type="button" class="button small" onClick={goThere}>
        Go to line {fault.line}, column {fault.column}
      </button>
    </div>
  );
}
