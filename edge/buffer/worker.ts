import { createApp, refuseOtherMethods } from '../http/app.ts';
import { requireToken } from '../http/auth.ts';
import { claimBatch, heartbeat, release } from './batch.ts';
import type { BufferEnv } from './env.ts';
import { intake } from './intake.ts';
import { claimSingle, listAlive, listReady, removeSingle } from './single.ts';

export { TaskLedger } from './ledger/task-ledger.ts';

const app = createApp<BufferEnv>('queue-buffer-v2');
const runner = requireToken('runner');
const anyone = requireToken('runner', 'client');

app.get('/tasks/ready', anyone, listReady);
app.get('/tasks/all', anyone, listAlive);
app.post('/tasks/claim', runner, claimBatch);
app.post('/tasks/heartbeat', runner, heartbeat);
app.post('/tasks/release', runner, release);
app.post('/tasks/:id/claim', runner, claimSingle);
app.post('/tasks/:id/complete', runner, removeSingle);
refuseOtherMethods(app);

export default { fetch: app.fetch, queue: intake } satisfies ExportedHandler<BufferEnv>;
