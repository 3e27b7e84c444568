import { signal } from '@preact/signals';
import { TaskQueueError } from '../../../../client/client.ts';
import {
  EMPTY_FORM,
  type FormIssues,
  type FormTask,
  placeIssues,
  readForm,
  type SubmissionForm,
} from '../../logic/submission-form.ts';
import { changes } from './actions.ts';
import { sentenceOf } from './notices.ts';
import { ask } from './session.ts';

/** The form of a new task; undefined while its dialog is closed. */
export const draft = signal<Draft | undefined>(undefined);

/** The content of the form when the dialog was last closed. */
let kept: SubmissionForm | undefined;

/** Opens the dialog with these fields, or else with the content from when it was last closed. */
export function openDraft(fields?: Partial<SubmissionForm>): void {
  draft.value ??= new Draft(fields ? { ...EMPTY_FORM, ...fields } : (kept ?? EMPTY_FORM));
}

/** Closes the dialog. A form that was not submitted is kept for the next time. */
export function leaveDraft(): void {
  const left = draft.value;
  kept = left?.taskId.value === undefined ? left?.form.value : undefined;
  draft.value = undefined;
}

export function discardDraft(): void {
  kept = undefined;
  draft.value = undefined;
}

/** A submission that the reader is filling in. */
export class Draft {
  readonly form;
  readonly issues = signal<FormIssues>({});
  readonly sending = signal(false);
  /** The id of the task, once it is submitted. */
  readonly taskId = signal<string | undefined>(undefined);
  /** The last request. If its answer was lost and the reader sends the same again, the key is the same. */
  #sent: { text: string; key: string } | undefined;

  constructor(form: SubmissionForm) {
    this.form = signal(form);
  }

  set<Field extends keyof SubmissionForm>(field: Field, value: SubmissionForm[Field]): void {
    this.form.value = { ...this.form.value, [field]: value };
    const { [field]: _, form: __, ...others } = this.issues.value;
    this.issues.value = others;
  }

  /** Shows the position at which the payload is not JSON. */
  checkPayload(): void {
    const reading = readForm(this.form.value);
    const payload = 'issues' in reading ? reading.issues.payload : undefined;
    if (payload !== undefined) this.issues.value = { ...this.issues.value, payload };
  }

  async submit(): Promise<void> {
    if (this.sending.value) return;
    const reading = readForm(this.form.value);
    if ('issues' in reading) {
      this.issues.value = reading.issues;
      return;
    }
    this.issues.value = {};
    this.sending.value = true;
    try {
      this.taskId.value = await this.#send(reading.task);
      changes.value += 1;
    } catch (error) {
      this.issues.value = issuesOf(error);
    } finally {
      this.sending.value = false;
    }
  }

  /** Keeps the content of the form for another task. */
  writeAnother(): void {
    this.taskId.value = undefined;
    this.#sent = undefined;
  }

  #send(task: FormTask): Promise<string> {
    const text = JSON.stringify(task);
    if (this.#sent?.text !== text) this.#sent = { text, key: crypto.randomUUID() };
    const { type, payload, ...options } = task;
    const { key } = this.#sent;
    return ask((queue) => queue.submit(type, payload, { ...options, idempotencyKey: key }));
  }
}

function issuesOf(error: unknown): FormIssues {
  const issues = error instanceof TaskQueueError ? error.issues : undefined;
  return issues && issues.length > 0 ? placeIssues(issues) : { form: sentenceOf(error) };
}
