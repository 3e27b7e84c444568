import type { Attack } from '../harness/attack.ts';
import { bulkChanges } from './bulk-changes.ts';
import { dashboards } from './dashboards.ts';
import { filteredLists } from './filtered-lists.ts';
import { foreignPages } from './foreign-pages.ts';
import { payloadLists } from './payload-lists.ts';
import { queueStats } from './queue-stats.ts';
import { runnerNames } from './runner-names.ts';
import { denseSchedules, scheduleLists } from './schedules.ts';
import { socketMessages } from './socket-messages.ts';
import { taskLists } from './task-lists.ts';
import { tickets } from './tickets.ts';
import { uploads } from './uploads.ts';
import { waitingCalls } from './waiting-calls.ts';

/** The attacks, in the order in which they run. */
export const ATTACKS: readonly Attack[] = [
  taskLists,
  payloadLists,
  filteredLists,
  queueStats,
  dashboards,
  socketMessages,
  scheduleLists,
  denseSchedules,
  waitingCalls,
  bulkChanges,
  runnerNames,
  foreignPages,
  tickets,
  uploads,
];
