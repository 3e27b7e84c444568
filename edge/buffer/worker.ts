import { createApp, serve, serveDocument, servePage } from '../http/app.ts';
import { getAsset, getReference } from '../http/pages.ts';
import { claimTasks, releaseTasks, renewLeases } from './batch.ts';
import { takeDeadLetters } from './dead-letters.ts';
import type { BufferEnv } from './env.ts';
import { intake } from './intake.ts';
import { claimTask, listAlive, listReady, removeTask } from './single.ts';
import { openWake } from './wake.ts';

export { TaskLedger } from './task-ledger.ts';

const app = createApp<BufferEnv>('queue-buffer-v2');

serve(app, '/tasks/ready', { GET: listReady });
serve(app, '/tasks/all', { GET: listAlive });
serve(app, '/tasks/claim', { POST: claimTasks });
serve(app, '/tasks/heartbeat', { POST: renewLeases });
serve(app, '/tasks/release', { POST: releaseTasks });
serve(app, '/wake', { GET: openWake });
serve(app, '/tasks/:id/claim', { POST: claimTask });
serve(app, '/tasks/:id/complete', { POST: removeTask });
serveDocument(app, {
  title: 'Consumer Worker of edge-task-queue',
  description: 'Gives tasks to runners, and to consumers that claim tasks one by one.',
});

servePage(app, '/reference', getReference);
servePage(app, '/assets/*', getAsset);

const DEAD_LETTERS = 'task-dead-letter-v2';

export default {
  fetch: app.fetch,
  queue: (batch, env) => (batch.queue === DEAD_LETTERS ? takeDeadLetters(batch, env) : intake(batch, env)),
} satisfies ExportedHandler<BufferEnv>;
