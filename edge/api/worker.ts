import { createApp, serve, serveDocument, servePage } from '../http/app.ts';
import { getAsset, getDashboard, getReference } from '../http/pages.ts';
import { giveTicket } from '../http/tickets.ts';
import { cancelTask, cancelTasks, retryTask, retryTasks } from './cancel.ts';
import { completeMany, completeOne } from './complete.ts';
import { closeWindows } from './cron/archive-windows.ts';
import { sweep } from './cron/sweep.ts';
import type { ApiEnv } from './env.ts';
import { followTask, getStatus } from './follow.ts';
import { keepClients } from './keep-clients.ts';
import { listTasks } from './list.ts';
import { getMetrics } from './metrics.ts';
import * as routes from './routes.ts';
import { getStats, listRunners, openLive, pauseType, resumeType } from './stats.ts';
import { getTask } from './status.ts';
import { submitBatch, submitOne } from './submission/submit.ts';

const app = createApp<ApiEnv>('task-api-v2');

serve(app, '/tasks', { GET: [routes.listTasks, listTasks], POST: [routes.submitTask, submitOne] });
serve(app, '/tasks/batch', { POST: [routes.submitTasks, submitBatch] });
serve(app, '/tasks/cancel', { POST: [routes.cancelTasks, cancelTasks] });
serve(app, '/tasks/retry', { POST: [routes.retryTasks, retryTasks] });
serve(app, '/tasks/complete', { POST: [routes.completeTasks, completeMany] });
serve(app, '/tasks/:id', { GET: [routes.getTask, getTask] });
serve(app, '/tasks/:id/status', { GET: [routes.getStatus, getStatus] });
serve(app, '/tasks/:id/events', { GET: [routes.followTask, followTask] });
serve(app, '/tasks/:id/cancel', { POST: [routes.cancelTask, cancelTask] });
serve(app, '/tasks/:id/retry', { POST: [routes.retryTask, retryTask] });
serve(app, '/tasks/:id/complete', { POST: [routes.completeTask, completeOne] });
serve(app, '/stats', { GET: [routes.getStats, getStats] });
serve(app, '/runners', { GET: [routes.listRunners, listRunners] });
serve(app, '/types/:type/pause', { POST: [routes.pauseType, pauseType] });
serve(app, '/types/:type/resume', { POST: [routes.resumeType, resumeType] });
serve(app, '/live', { GET: [routes.openLive, openLive] });
serve(app, '/tickets', { POST: [routes.giveTicket, giveTicket] });
serve(app, '/metrics', { GET: [routes.getMetrics, getMetrics] });
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
