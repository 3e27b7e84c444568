import { createApp, serve } from '../http/app.ts';
import { requireToken } from '../http/auth.ts';
import { cancelTask, cancelTasks, retryTask, retryTasks } from './cancel.ts';
import { closeWindows } from './close.ts';
import { completeMany, completeOne } from './complete.ts';
import type { ApiEnv } from './env.ts';
import { followTask, getStatus } from './follow.ts';
import { listTasks } from './list.ts';
import { getMetrics } from './metrics.ts';
import { getStats, listRunners, openLive, pauseType, resumeType } from './stats.ts';
import { getTask } from './status.ts';
import { submitBatch, submitOne } from './submit.ts';
import { sweep } from './sweep.ts';
import { giveTicket, ticketOr } from './tickets.ts';

const app = createApp<ApiEnv>('task-api-v2');
const client = requireToken<ApiEnv>('client');
const runner = requireToken<ApiEnv>('runner');
const anyone = requireToken<ApiEnv>('client', 'runner');

serve(app, '/stats', { GET: [client, getStats] });
serve(app, '/metrics', { GET: [anyone, getMetrics] });
serve(app, '/runners', { GET: [client, listRunners] });
serve(app, '/types/:type/pause', { POST: [client, pauseType] });
serve(app, '/types/:type/resume', { POST: [client, resumeType] });
serve(app, '/live', { GET: [ticketOr(client), openLive] });
serve(app, '/tickets', { POST: [client, giveTicket] });
serve(app, '/tasks', { GET: [client, listTasks], POST: [client, submitOne] });
serve(app, '/tasks/batch', { POST: [client, submitBatch] });
serve(app, '/tasks/cancel', { POST: [client, cancelTasks] });
serve(app, '/tasks/retry', { POST: [client, retryTasks] });
serve(app, '/tasks/complete', { POST: [runner, completeMany] });
serve(app, '/tasks/:id', { GET: [client, getTask] });
serve(app, '/tasks/:id/status', { GET: [client, getStatus] });
serve(app, '/tasks/:id/events', { GET: [ticketOr(client), followTask] });
serve(app, '/tasks/:id/cancel', { POST: [client, cancelTask] });
serve(app, '/tasks/:id/retry', { POST: [client, retryTask] });
serve(app, '/tasks/:id/complete', { POST: [runner, completeOne] });

export default {
  fetch: app.fetch,
  async scheduled(_event, env) {
    try {
      await sweep(env, Date.now());
    } finally {
      await closeWindows(env, Date.now());
    }
  },
} satisfies ExportedHandler<ApiEnv>;
