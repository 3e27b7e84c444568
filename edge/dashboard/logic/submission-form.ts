import { readJson } from '../../../client/json-fault.ts';
import type { TaskSubmission } from '../../contract/task.ts';
import { fromLocalInput } from './times.ts';

/** The form of a submission as a person has filled it in. */
export interface SubmissionForm {
  readonly type: string;
  readonly payload: string;
  readonly priority: string;
  readonly when: 'now' | 'delay' | 'at';
  readonly delaySeconds: string;
  /** In the reader's time zone, in the format of an `<input type="datetime-local">`. */
  readonly runAt: string;
  readonly maxAttempts: string;
  readonly timeoutSeconds: string;
  /** Separated by commas. */
  readonly tags: string;
}

export type FormField = keyof SubmissionForm;
/** The issue of each field. `form` is the issue that belongs to no field. */
export type FormIssues = Partial<Record<FormField | 'form', string>>;

export const EMPTY_FORM: SubmissionForm = {
  type: '',
  payload: '{}',
  priority: '',
  when: 'now',
  delaySeconds: '',
  runAt: '',
  maxAttempts: '',
  timeoutSeconds: '',
  tags: '',
};

const NUMBERS = ['priority', 'maxAttempts', 'timeoutSeconds'] as const;

/** The part of a submission that the form contains. */
export type FormTask = Omit<TaskSubmission, 'backoff'>;

/** Converts the form to a task, or returns the issues of its fields. The server checks the limits. */
export function readForm(form: SubmissionForm): { task: FormTask } | { issues: FormIssues } {
  const issues: FormIssues = {};
  const task: FormTask = { type: form.type.trim() };
  if (task.type === '') issues.type = 'Enter the name of a task type';

  if (form.payload.trim() !== '') {
    const reading = readJson(form.payload);
    if ('value' in reading) task.payload = reading.value;
    else {
      const { line, column, message } = reading.fault;
      issues.payload = `Line ${line}, column ${column}: ${message}`;
    }
  }
  for (const field of NUMBERS) readNumber(form, field, task, issues);
  if (form.when === 'delay') {
    if (form.delaySeconds.trim() === '') issues.delaySeconds = 'Enter the number of seconds to wait';
    else readNumber(form, 'delaySeconds', task, issues);
  }
  if (form.when === 'at') {
    const runAt = fromLocalInput(form.runAt);
    if (runAt === undefined) issues.runAt = 'Enter a date and a time';
    else task.runAt = runAt;
  }
  const tags = form.tags
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  if (tags.length > 0) task.tags = tags;
  return Object.keys(issues).length === 0 ? { task } : { issues };
}

function readNumber(
  form: SubmissionForm,
  field: (typeof NUMBERS)[number] | 'delaySeconds',
  task: FormTask,
  issues: FormIssues,
): void {
  const text = form[field].trim();
  if (text === '') return;
  const number = Number(text);
  if (Number.isFinite(number)) task[field] = number;
  else issues[field] = `Expected a number, got “${text}”`;
}

/** Assigns the server's issues to the fields of the form. */
export function placeIssues(issues: readonly { path: string; message: string }[]): FormIssues {
  const placed: FormIssues = {};
  for (const { path, message } of issues) {
    const [field = ''] = path.split('.');
    const target = isField(field) ? field : 'form';
    const text = target === 'form' && path !== '' ? `${path}: ${message}` : message;
    placed[target] = placed[target] === undefined ? text : `${placed[target]}. ${text}`;
  }
  return placed;
}

function isField(name: string): name is FormField {
  return name in EMPTY_FORM;
}
