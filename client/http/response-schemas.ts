import * as z from 'zod';
import { BatchSubmitted, StatusView, Submitted, TaskView } from '../../edge/contract/api.ts';
import { TaskError, Timestamp } from '../../edge/contract/task.ts';
import type { EndedTask, StatusOf, TaskIdOf, TaskOf, TaskShape } from '../types.ts';

/**
 * A schema that checks an answer against the contract and gives it the static types of the task definitions.
 * Only the definitions know the name of the task type and the type of its result, so no check at runtime does.
 */
function typed<Answer>(contract: z.ZodType): z.ZodType<Answer> {
  return z.custom<Answer>((value) => contract.safeParse(value).success);
}

const Ended = z.union([
  TaskView.extend({ status: z.literal('completed'), completedAt: Timestamp }),
  TaskView.extend({ status: z.enum(['failed', 'cancelled']), completedAt: Timestamp, error: TaskError }),
]);

export const submitted = <Type extends string>() =>
  typed<Omit<Submitted, 'taskId'> & { taskId: TaskIdOf<Type> }>(Submitted);

export const batchSubmitted = <Type extends string>() =>
  typed<Omit<BatchSubmitted, 'taskIds'> & { taskIds: TaskIdOf<Type>[] }>(BatchSubmitted);

export const statusOf = <Type extends string>() => typed<StatusOf<Type>>(StatusView);

export const taskOf = <Task extends TaskShape, Type extends string>() => typed<TaskOf<Task, Type>>(TaskView);

/** Fails for a task that has not ended. */
export const endedTask = <Task extends TaskShape, Type extends string>() =>
  typed<EndedTask<Task, Type>>(Ended);
