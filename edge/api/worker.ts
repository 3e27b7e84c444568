import { createApp, refuseOtherMethods } from '../http/app.ts';
import { requireToken } from '../http/auth.ts';
import { completeMany, completeOne } from './complete.ts';
import type { ApiEnv } from './env.ts';
import { listTasks } from './list.ts';
import { getStatus, getTask } from './status.ts';
import { submitBatch, submitOne } from './submit.ts';

const app = createApp<ApiEnv>('task-api-v2');
const client = requireToken('client');
const runner = requireToken('runner');

app.post('/tasks', client, submitOne);
app.post('/tasks/batch', client, submitBatch);
app.get('/tasks', client, listTasks);
app.get('/tasks/:id', client, getTask);
app.get('/tasks/:id/status', client, getStatus);
app.post('/tasks/complete', runner, completeMany);
app.post('/tasks/:id/complete', runner, completeOne);
refuseOtherMethods(app);

export default app;
