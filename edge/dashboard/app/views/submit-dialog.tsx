import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { taskHref } from '../../logic/route.ts';
import { Dialog } from '../components/dialog.tsx';
import { type Draft, discardDraft, leaveDraft } from '../state/submission.ts';
import { SubmitFields } from './submit/fields.tsx';

/** The dialog in which the reader fills in and submits a task. */
export function SubmitDialog({ draft }: { draft: Draft }): JSX.Element {
  const taskId = draft.taskId.value;
  return (
    <Dialog title={taskId ? 'Submitted' : 'New task'} onClose={leaveDraft} wide>
      {taskId ? <Submitted draft={draft} taskId={taskId} /> : <Form draft={draft} />}
    </Dialog>
  );
}

function Form({ draft }: { draft: Draft }): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const issue = draft.issues.value.form;
  const submit = async () => {
    await draft.submit();
    // The issues are drawn by then.
    await new Promise(requestAnimationFrame);
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  };
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void submit();
      }}
    >
      <div class="middle">
        <SubmitFields draft={draft} />
      </div>
      <div class="bottom">
        <p class="issue said" role="alert">
          {issue}
        </p>
        <button type="button" class="button" onClick={discardDraft}>
          Discard
        </button>
        <button type="submit" class="button primary" disabled={draft.sending.value}>
          {draft.sending.value ? 'Submitting…' : 'Submit'}
        </button>
      </div>
    </form>
  );
}

function Submitted({ draft, taskId }: { draft: Draft; taskId: string }): JSX.Element {
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => link.current?.focus(), []);
  return (
    <>
      <div class="middle">
        <p role="status">
          The task is accepted. Its id is <code>{taskId}</code>.
        </p>
      </div>
      <div class="bottom">
        <button type="button" class="button" onClick={() => draft.writeAnother()}>
          Submit another
        </button>
        <a ref={link} class="button primary" href={taskHref(taskId)} onClick={leaveDraft}>
          Show the task
        </a>
      </div>
    </>
  );
}
