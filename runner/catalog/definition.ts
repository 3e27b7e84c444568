import { z } from 'zod';
import { DeclaredSchedule } from '../../edge/contract/schedule.ts';
import { Backoff, MaxAttempts, TaskType, TimeoutSeconds } from '../../edge/contract/task.ts';
import { nearest } from '../lib/nearest.ts';
import type { TaskDefinition } from '../task.ts';
import { isTokenVariable, TOKEN_VARIABLE } from '../threads/thread-env.ts';
import { loadFailure } from './load-failure.ts';

/** The memory that a task may use if its type does not set a limit. */
const DEFAULT_MEMORY_MB = 1024;

/** A valid name of an environment variable. */
const VariableName = z
  .string()
  .regex(/^[^=\0]{1,200}$/, 'Expected the name of an environment variable')
  .refine((name) => !isTokenVariable(name), {
    error: `Expected no ${TOKEN_VARIABLE}: tasks must not have the token of their runner. Remove it; a task that calls the edge itself uses a client's token, such as API_TOKEN`,
  });

/** The settings of a task type that can be sent to another thread. */
export const TaskSettings = z.object({
  type: TaskType,
  lane: z.enum(['cpu', 'io'], { error: 'Expected `lane` to be "cpu" or "io"' }),
  timeoutSeconds: TimeoutSeconds.optional(),
  maxAttempts: MaxAttempts.optional(),
  backoff: Backoff.optional(),
  env: z.array(VariableName).max(100).optional(),
  schedule: DeclaredSchedule.optional(),
  memoryMb: z.int().min(32).max(1_000_000).default(DEFAULT_MEMORY_MB),
});

const Definition = TaskSettings.extend({
  payload: z.instanceof(z.ZodType, { error: 'Expected `payload` to be a zod schema, of version 4' }),
  run: z.custom<TaskDefinition['run']>(
    (value) => typeof value === 'function',
    'Expected `run` to be a function',
  ),
}).strict();
const OPTIONS = Object.keys(Definition.shape);

/** The task type that a file declares, with checked settings. */
export type CheckedDefinition = z.infer<typeof Definition>;

/**
 * Loads the task type that a file declares.
 *
 * @throws {Error} that names the file and its fault.
 */
export async function loadDefinition(module: string, file: string): Promise<CheckedDefinition> {
  const loaded: { default?: unknown } = await import(module).catch((error: unknown) => {
    throw new Error(loadFailure(file, error), { cause: error });
  });
  if (typeof loaded.default !== 'object' || loaded.default === null) {
    throw new Error(`${file} declares no task type: expected \`export default defineTask({ … })\``);
  }
  const checked = Definition.safeParse(loaded.default);
  if (checked.success) return checked.data;
  const wrong = checked.error.issues.flatMap(sentencesOf);
  throw new Error(`${file} declares a task type that cannot be used: ${wrong.join('; ')}`);
}

function sentencesOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) return issue.keys.map(unknownOption);
  return [[issue.path.join('.'), issue.message].filter(Boolean).join(': ')];
}

function unknownOption(name: string): string {
  const known = nearest(name, OPTIONS);
  const advice = known === undefined ? `the options are ${OPTIONS.join(', ')}` : `did you mean \`${known}\`?`;
  return `\`${name}\` is no option of a task type; ${advice}`;
}
