import { createApp, serve, serveDocument, servePage } from '../http/app.ts';
import { getAsset, getReference } from '../http/pages.ts';
import { claimBatch, heartbeat, release } from './batch.ts';
import { takeDeadLetters } from './dead-letters.ts';
import type { BufferEnv } from './env.ts';
import { intake } from './intake.ts';
import * as routes from './routes.ts';
import { claimSingle, listAlive, listReady, removeSingle } from './single.ts';
import { openWake } from './wake.ts';

export { TaskLedger } from './task-ledger.ts';

const app = createApp<BufferEnv>('queue-buffer-v2');

serve(app, '/tasks/ready', { GET: [routes.listReady, listReady] });
serve(app, '/tasks/all', { GET: [routes.listAlive, listAlive] });
serve(app, '/tasks/claim', { POST: [routes.claimBatch, claimBatch] });
serve(app, '/tasks/heartbeat', { POST: [routes.heartbeat, heartbeat] });
serve(app, '/tasks/release', { POST: [routes.release, release] });
serve(app, '/wake', { GET: [routes.openWake, openWake] });
serve(app, '/tasks/:id/claim', { POST: [routes.claimSingle, claimSingle] });
serve(app, '/tasks/:id/complete', { POST: [routes.removeSingle, removeSingle] });
serveDocument(app, {
  title: 'Consumer Worker of edge-task-queue',
  description: 'Hands tasks out to runners, and to consumers that claim them one by one.',
});

servePage(app, '/reference', getReference);
servePage(app, '/assets/*', getAsset);

const DEAD_LETTERS = 'task-dead-letter-v2';

export default {
  fetch: app.fetch,
  queue: (batch, env) => (batch.queue === DEAD_LETTERS ? takeDeadLetters(batch, env) : intake(batch, env)),
} satisfies ExportedHandler<BufferEnv>;
