import { createApp, serve } from '../http/app.ts';
import { requireToken } from '../http/auth.ts';
import { completeMany, completeOne } from './complete.ts';
import type { ApiEnv } from './env.ts';
import { listTasks } from './list.ts';
import { getStatus, getTask } from './status.ts';
import { submitBatch, submitOne } from './submit.ts';

const app = createApp<ApiEnv>('task-api-v2');
const client = requireToken<ApiEnv>('client');
const runner = requireToken<ApiEnv>('runner');

serve(app, '/tasks', { GET: [client, listTasks], POST: [client, submitOne] });
serve(app, '/tasks/batch', { POST: [client, submitBatch] });
serve(app, '/tasks/complete', { POST: [runner, completeMany] });
serve(app, '/tasks/:id', { GET: [client, getTask] });
serve(app, '/tasks/:id/status', { GET: [client, getStatus] });
serve(app, '/tasks/:id/complete', { POST: [runner, completeOne] });

export default app;
