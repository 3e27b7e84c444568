import { createApp, serve } from '../http/app.ts';
import { requireToken } from '../http/auth.ts';
import { claimBatch, heartbeat, release } from './batch.ts';
import { takeDeadLetters } from './dead-letters.ts';
import type { BufferEnv } from './env.ts';
import { intake } from './intake.ts';
import { claimSingle, listAlive, listReady, removeSingle } from './single.ts';
import { openWake } from './wake.ts';

export { TaskLedger } from './ledger/task-ledger.ts';

const app = createApp<BufferEnv>('queue-buffer-v2');
const runner = requireToken<BufferEnv>('runner');
const anyone = requireToken<BufferEnv>('runner', 'client');

serve(app, '/tasks/ready', { GET: [anyone, listReady] });
serve(app, '/tasks/all', { GET: [anyone, listAlive] });
serve(app, '/tasks/claim', { POST: [runner, claimBatch] });
serve(app, '/tasks/heartbeat', { POST: [runner, heartbeat] });
serve(app, '/tasks/release', { POST: [runner, release] });
serve(app, '/wake', { GET: [runner, openWake] });
serve(app, '/tasks/:id/claim', { POST: [runner, claimSingle] });
serve(app, '/tasks/:id/complete', { POST: [runner, removeSingle] });

const DEAD_LETTERS = 'task-dead-letter-v2';

export default {
  fetch: app.fetch,
  queue: (batch, env) => (batch.queue === DEAD_LETTERS ? takeDeadLetters(batch, env) : intake(batch, env)),
} satisfies ExportedHandler<BufferEnv>;
