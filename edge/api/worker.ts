import { createApp, serve, serveDocument, servePage } from '../http/app.ts';
import { getAsset, getDashboard, getReference } from '../http/pages.ts';
import { GIVE_TICKET, giveTicket } from '../http/tickets.ts';
import { cancelTask, cancelTasks, retryTask, retryTasks } from './cancel.ts';
import { completeTask, completeTasks } from './complete.ts';
import { closeWindows } from './cron/archive-windows.ts';
import { sweep } from './cron/sweep.ts';
import type { ApiEnv } from './env.ts';
import { followTask, getStatus } from './follow.ts';
import { keepClients } from './keep-clients.ts';
import { listTasks } from './list.ts';
import { getMetrics } from './metrics.ts';
import { backfillSchedule, runSchedule } from './schedules/runs.ts';
import {
  deleteSchedule,
  getSchedule,
  listSchedules,
  pauseSchedule,
  putSchedule,
  resumeSchedule,
} from './schedules/schedules.ts';
import { getStats, listRunners, openLive, pauseType, resumeType } from './stats.ts';
import { getTask } from './status.ts';
import { submitTask, submitTasks } from './submission/submit.ts';

const app = createApp<ApiEnv>('task-api-v2');

serve(app, '/tasks', { GET: listTasks, POST: submitTask });
serve(app, '/tasks/batch', { POST: submitTasks });
serve(app, '/tasks/cancel', { POST: cancelTasks });
serve(app, '/tasks/retry', { POST: retryTasks });
serve(app, '/tasks/complete', { POST: completeTasks });
serve(app, '/tasks/:id', { GET: getTask });
serve(app, '/tasks/:id/status', { GET: getStatus });
serve(app, '/tasks/:id/events', { GET: followTask });
serve(app, '/tasks/:id/cancel', { POST: cancelTask });
serve(app, '/tasks/:id/retry', { POST: retryTask });
serve(app, '/tasks/:id/complete', { POST: completeTask });
serve(app, '/schedules', { GET: listSchedules });
serve(app, '/schedules/:name', { GET: getSchedule, PUT: putSchedule, DELETE: deleteSchedule });
serve(app, '/schedules/:name/run', { POST: runSchedule });
serve(app, '/schedules/:name/pause', { POST: pauseSchedule });
serve(app, '/schedules/:name/resume', { POST: resumeSchedule });
serve(app, '/schedules/:name/backfill', { POST: backfillSchedule });
serve(app, '/stats', { GET: getStats });
serve(app, '/runners', { GET: listRunners });
serve(app, '/types/:type/pause', { POST: pauseType });
serve(app, '/types/:type/resume', { POST: resumeType });
serve(app, '/live', { GET: openLive });
serve(app, '/tickets', { POST: [GIVE_TICKET, giveTicket] });
serve(app, '/metrics', { GET: getMetrics });
serveDocument(app, {
  title: 'API Worker of edge-task-queue',
  description: 'Submit tasks, follow them, change them, and get statistics. Runners report results here.',
});
servePage(app, '/', getDashboard);
servePage(app, '/reference', getReference);
servePage(app, '/assets/*', getAsset);

export default {
  fetch: app.fetch,
  async scheduled(_event, env) {
    try {
      await keepClients(env);
    } finally {
      try {
        await sweep(env, Date.now());
      } finally {
        await closeWindows(env, Date.now());
      }
    }
  },
} satisfies ExportedHandler<ApiEnv>;
