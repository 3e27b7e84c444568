import type { Logger } from 'pino';
import { parseJson } from '../../edge/contract/text.ts';
import { EdgeError } from '../connection/edge-client.ts';
import type { RunnerBus } from '../events.ts';
import { type AttemptIds, type GrantedTask, idsOf } from '../held-task.ts';
import type { RunnerOptions } from '../options.ts';
import { formatSize } from './payload-size.ts';

/** For a larger payload, the log shows only the size. */
const MAX_SHOWN_PAYLOAD_BYTES = 2048;

type LogOptions = Pick<RunnerOptions, 'logFormat' | 'logPayloads'>;

/**
 * Writes the events of a runner to its log, in the words of the specification. Only the text format shows
 * payloads, and only small payloads are parsed for it.
 */
export function logEvents(events: RunnerBus, log: Logger, options: LogOptions): void {
  events.on('failed', ({ held, error }) => {
    const name = error.name ? `${error.name}: ` : '';
    log.error(
      { ...idsOf(held), code: error.code },
      `❌ Task ${held.task.taskId} failed: ${name}${error.message}`,
    );
  });
  events.on('lost', (held) =>
    log.warn(idsOf(held), `Task ${held.task.taskId} was lost: its lease has ended, so it will run again`),
  );
  events.on('retrying', (error) => {
    const isFinal = error instanceof EdgeError && error.permanent;
    log.warn(isFinal ? error.message : `${error.message}; trying again`);
  });
  events.on('stray', ({ sentence, ids }) => log.warn({ ...ids }, sentence));
  events.on('warned', ({ sentence, ids }) => log.warn({ ...ids }, sentence));
  events.on('stuck', (held) =>
    log.warn(
      idsOf(held),
      `The thread of task ${held.task.taskId} (type ${held.task.type}) does not end because native code still runs. The runner gives up the task, and another thread takes its place`,
    ),
  );
  events.on('unstuck', ({ held, ms }) =>
    log.info(idsOf(held), `The thread of task ${held.task.taskId} ended after ${Math.round(ms / 1000)} s`),
  );
  events.on('drained', ({ unanswered }) => {
    if (unanswered === 0) return;
    log.warn(`${unanswered} task(s) could not be reported: they run again when their leases expire`);
  });
  events.on('log', ({ held, level, message, details }) => log[level]({ ...idsOf(held), details }, message));

  if (log.isLevelEnabled('info')) logProgress(events, log, options);
}

function logProgress(events: RunnerBus, log: Logger, { logFormat, logPayloads }: LogOptions): void {
  const showsPayloads = logFormat === 'text' && logPayloads !== 'never';
  let pollIntervalMs = 0;
  events.on('configured', (options, catalog) => {
    pollIntervalMs = options.pollIntervalMs;
    const details = {
      queueWorkerUrl: options.queueUrl,
      apiWorkerUrl: options.apiUrl,
      pollInterval: pollIntervalMs,
      threads: options.threads,
      ioConcurrency: options.ioConcurrency,
      leaseSeconds: options.leaseSeconds,
      taskTypes: [...catalog.keys()],
    };
    log.info({ details }, 'Consumer initialized with configuration');
  });
  events.on('connecting', () => log.info('Testing connections...'));
  events.on('connected', (worker, health) =>
    log.info(`✅ ${worker} connection OK: ${JSON.stringify(health)}`),
  );
  events.on('ready', () => {
    log.info('📡 Task Consumer started successfully');
    log.info(`🔄 Polling every ${pollIntervalMs}ms`);
    log.info('Press Ctrl+C to stop');
  });

  events.on('polling', () => log.info('Polling for ready tasks...'));
  events.on('idle', ({ pollIntervalMs }) => log.info(`⏰ No ready tasks - next poll in ${pollIntervalMs}ms`));
  events.on('claimed', ({ leaseId, tasks }) => {
    log.info({ leaseId }, `Found ${tasks.length} ready task(s)`);
    log.info({ leaseId }, `📨 Processing ${tasks.length} task(s)`);
    for (const { taskId, attempt } of tasks) {
      const ids: AttemptIds = { taskId, leaseId, attempt };
      log.info(ids, `Claiming task: ${taskId}`);
      log.info(ids, `Task ${taskId} claimed successfully`);
    }
  });
  events.on('started', (held) => {
    const ids = idsOf(held);
    log.info({ ...ids, details: processing(held.task, showsPayloads) }, '🔄 Processing Task');
    log.info(ids, `Processing task ${ids.taskId}...`);
  });
  events.on('reported', ({ held, success, outcome: { status, runAt } }) => {
    const ids = idsOf(held);
    const { taskId } = ids;
    const message = {
      completed: 'Task marked as completed',
      failed: 'Task marked as failed',
      cancelled: 'Task was cancelled',
      pending: `Task waits for another attempt${runAt ? ` at ${runAt}` : ''}`,
    }[String(status)];
    if (message === undefined) {
      log.warn({ ...ids, status }, `The result of task ${taskId} was not accepted: its lease had ended`);
      return;
    }
    const details = { taskId, success, response: { success: true, message, taskId, status } };
    log.info({ ...ids, details }, '📝 Completion reported to API');
    if (status === 'pending') return;
    log.info(ids, `🗑️ Task ${taskId} removed from queue buffer`);
    if (success) log.info(ids, `✅ Task ${taskId} completed successfully`);
  });
  events.on('released', (held) => log.info(idsOf(held), `Task ${held.task.taskId} given back`));

  events.on('draining', ({ running, timeoutSeconds }) =>
    log.info(
      `Stopping: ${running} task(s) get ${timeoutSeconds} s to end; press Ctrl+C again to end them now`,
    ),
  );
  events.on('drained', () => log.info('Task Consumer stopped'));
}

function processing(
  { taskId, type, payloadText, createdAt, receivedAt, claimedAt }: GrantedTask,
  showsPayload: boolean,
) {
  const shown = showsPayload && payloadText !== undefined ? { payload: shownPayload(payloadText) } : {};
  return { id: taskId, type, ...shown, createdAt, receivedAt, claimedAt };
}

function shownPayload(text: string): unknown {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_SHOWN_PAYLOAD_BYTES) return `[${formatSize(bytes)}]`;
  const payload = parseJson(text);
  return payload === undefined ? text : payload;
}
