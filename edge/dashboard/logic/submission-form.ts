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
  /** In the reader's zone, as an `<input type="datetime-local">` has it. */
  readonly runAt: string;
  readonly maxAttempts: string;
  readonly timeoutSeconds: string;
  /** Separated by commas. */
  readonly tags: string;
}

export type FormField = keyof SubmissionForm;
/** What is wrong with each field; `form` is what no field is to blame for. */
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

/** What a form can say of a task. */
export type FormTask = Omit<TaskSubmission, 'backoff'>;

/** Reads the form into what is sent, or says which fields cannot be read. Bounds are for the server to check. */
export function readForm(form: SubmissionForm): { task: FormTask } | { issues: FormIssues } {
  const issues: FormIssues = {};
  const task: FormTask = { type: form.type.trim() };
  if (task.type === '') issues.type = 'Give the name of a task type';

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
    if (form.delaySeconds.trim() === '') issues.delaySeconds = 'Give the seconds to wait';
    else readNumber(form, 'delaySeconds', task, issues);
  }
  if (form.when === 'at') {
    const runAt = fromLocalInput(form.runAt);
    if (runAt === undefined) issues.runAt = 'Give a date and a time';
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

/** Puts what the server found wrong to the fields that it is about. */
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
