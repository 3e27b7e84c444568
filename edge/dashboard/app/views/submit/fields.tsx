import type { JSX } from 'preact';
import type { SubmissionForm } from '../../../logic/submission-form.ts';
import { Choice } from '../../components/choice.tsx';
import { type ControlProps, Field } from '../../components/field.tsx';
import { stats } from '../../state/live.ts';
import type { Draft } from '../../state/submission.ts';
import { PayloadField } from './payload-field.tsx';

type Texts = Exclude<keyof SubmissionForm, 'when'>;

/** The fields of a new task. */
export function SubmitFields({ draft }: { draft: Draft }): JSX.Element {
  const form = draft.form.value;
  const issues = draft.issues.value;
  const input =
    (field: Texts, more: JSX.IntrinsicElements['input'] = {}) =>
    (control: ControlProps) => (
      <input
        {...control}
        {...more}
        class="input"
        autocomplete="off"
        value={form[field]}
        onInput={({ currentTarget }) => draft.set(field, currentTarget.value)}
      />
    );
  return (
    <>
      <Field label="Type" issue={issues.type}>
        {input('type', { list: 'types-to-submit', spellcheck: false, autofocus: true })}
      </Field>
      <datalist id="types-to-submit">
        {stats.value?.types.map(({ type }) => (
          <option key={type} value={type} />
        ))}
      </datalist>
      <PayloadField draft={draft} />
      <div class="field">
        <span class="label" aria-hidden="true">
          Start
        </span>
        <Choice
          label="Start"
          value={form.when}
          onChoose={(when) => draft.set('when', when)}
          options={[
            { value: 'now', text: 'Now' },
            { value: 'delay', text: 'After a delay' },
            { value: 'at', text: 'At a time' },
          ]}
        />
      </div>
      {form.when === 'delay' && (
        <Field label="Delay in seconds" issue={issues.delaySeconds}>
          {input('delaySeconds', { inputMode: 'decimal' })}
        </Field>
      )}
      {form.when === 'at' && (
        <Field label="Time, in your time zone" issue={issues.runAt}>
          {input('runAt', { type: 'datetime-local' })}
        </Field>
      )}
      <div class="pairs">
        <Field label="Priority" hint="−100 to 100; higher runs first" issue={issues.priority}>
          {input('priority', { inputMode: 'text', placeholder: '0' })}
        </Field>
        <Field label="Maximum attempts" hint="1 to 100" issue={issues.maxAttempts}>
          {input('maxAttempts', { inputMode: 'numeric', placeholder: 'default of its type' })}
        </Field>
        <Field label="Time limit in seconds" hint="for one attempt" issue={issues.timeoutSeconds}>
          {input('timeoutSeconds', { inputMode: 'decimal', placeholder: 'default of its type' })}
        </Field>
      </div>
      <Field label="Tags" hint="Up to ten, separated by commas" issue={issues.tags}>
        {input('tags')}
      </Field>
    </>
  );
}
