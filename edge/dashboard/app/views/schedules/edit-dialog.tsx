import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { readJson } from '../../../../../client/json-fault.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { sentenceOf } from '../../state/notices.ts';
import { edited, save } from '../../state/schedules.ts';

const close = () => {
  edited.value = undefined;
};

/** The dialog in which the reader writes the settings of a schedule. `name` is undefined for a new one. */
export function EditDialog({ name: known, text: before }: { name?: string; text: string }): JSX.Element {
  const [name, setName] = useState(known ?? '');
  const [text, setText] = useState(before);
  const [issue, setIssue] = useState<string>();
  const [isSaving, setIsSaving] = useState(false);
  const submit = async () => {
    const read = readJson(text);
    if ('fault' in read) {
      setIssue(`Line ${read.fault.line}, column ${read.fault.column}: ${read.fault.message}`);
      return;
    }
    setIsSaving(true);
    try {
      await save(name.trim(), read.value as never);
      close();
    } catch (error) {
      setIssue(sentenceOf(error));
      setIsSaving(false);
    }
  };
  return (
    <Dialog title={known === undefined ? 'New schedule' : `Edit ${known}`} onClose={close} wide>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div class="middle">
          {known === undefined && (
            <Field label="Name">
              {(props) => (
                <input
                  {...props}
                  class="input"
                  value={name}
                  onInput={({ currentTarget }) => setName(currentTarget.value)}
                />
              )}
            </Field>
          )}
          <Field
            label="Settings"
            hint={
              <>
                JSON: <code>type</code>, <code>payload</code>, <code>cron</code> or <code>everySeconds</code>,{' '}
                <code>timezone</code>, <code>overlap</code>, <code>missed</code> and others: see the{' '}
                <a href="/reference" target="_blank" rel="noreferrer">
                  reference
                </a>
                .
              </>
            }
          >
            {(props) => (
              <textarea
                {...props}
                class="input mono"
                rows={14}
                spellcheck={false}
                value={text}
                onInput={({ currentTarget }) => setText(currentTarget.value)}
              />
            )}
          </Field>
        </div>
        <div class="bottom">
          <p class="issue said" role="alert">
            {issue}
          </p>
          <button type="button" class="button" onClick={close}>
            Discard
          </button>
          <button type="submit" class="button primary" disabled={isSaving || name.trim() === ''}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
