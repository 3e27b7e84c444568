export type { StatusView, TaskList, TaskView } from '../edge/contract/api.ts';
export type {
  Backfilled,
  Schedule,
  ScheduleDeleted,
  ScheduleDetails,
  ScheduledRun,
  ScheduleList,
  ScheduleRun,
} from '../edge/contract/schedule.ts';
export type { QueueStats, RunnerList, RunnerView, Ticket, TypeSwitch } from '../edge/contract/stats.ts';
export type { TaskError, TaskStatus } from '../edge/contract/task.ts';
export { type Issue, TaskQueueError, type TaskQueueErrorCode } from './errors.ts';
export type { CancelFilter, ListFilter, PageFilter, RetryFilter, TaskFilter } from './filters.ts';
export type { ConnectionOptions } from './http/http.ts';
export type {
  CallOptions,
  ChangeAllOptions,
  ChangedTasks,
  ListOptions,
  SubmitManyOptions,
  SubmitOptions,
  WaitOptions,
} from './options.ts';
export type {
  ScheduleRules,
  ScheduleSettings,
  Schedules,
  SchedulesPage,
  ScheduleTimes,
} from './schedules.ts';
export { TaskQueue } from './task-queue.ts';
export type {
  EndedTask,
  NewTask,
  PayloadOf,
  ResultOf,
  TaskIdOf,
  TaskOptions,
  TaskShape,
  TypeOf,
} from './types.ts';
