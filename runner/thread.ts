import { AsyncLocalStorage } from 'node:async_hooks';
import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads';
import { isProgress } from '../edge/contract/buffer.ts';
import { MAX_PROGRESS_BYTES } from '../edge/contract/limits.ts';
import { type CheckedDefinition, loadDefinition } from './definition.ts';
import { JobChildren } from './job-children.ts';
import { boundedTaskRecord } from './log-record.ts';
import { failureOf, invalidPayload, storable } from './outcome.ts';
import type { TaskContext, TaskLog } from './task.ts';
import { forgetNodeFlags } from './thread-env.ts';
import {
  type AbortMessage,
  type FromThread,
  type Job,
  type JobEnd,
  mark,
  type Outcome,
  type TaskLogLevel,
  type ThreadNote,
  type Turn,
  type TurnGroup,
  type WarmUp,
} from './thread-protocol.ts';

/** A job on this thread, until its outcome is on its way. */
interface Running {
  readonly job: Job;
  readonly controller: AbortController;
  /** Ends the job by an error that was thrown where nobody could catch it. */
  readonly fail: (thrown: unknown) => void;
  messages: number;
}

forgetNodeFlags();

const definitions = new Map<string, Promise<CheckedDefinition>>();
const running = new Map<number, Running>();
/** The job that a piece of code belongs to, also in its timers and callbacks. */
const current = new AsyncLocalStorage<Job>();

const { abortChannel, childChannel }: { abortChannel: string; childChannel: string } = workerData;
const aborts = new BroadcastChannel(abortChannel);
aborts.onmessage = (event: { data: AbortMessage }) => {
  running.get(event.data.jobId)?.controller.abort(new Error(event.data.reason));
};

const children = new JobChildren({
  channel: childChannel,
  currentJob: () => current.getStore()?.id,
  isRunning: (job) => running.has(job),
});

// What a job throws outside its promise is its own failure; once it has ended, nobody's.
process.on('uncaughtException', blame);
process.on('unhandledRejection', blame);

const exit = process.exit;
process.exit = (code) => {
  const job = current.getStore();
  if (job) send(job.id, { kind: 'exit', code: String(code ?? process.exitCode ?? 0) });
  void children.endAll();
  return exit(code);
};

/** Runs some tasks, or loads files ahead. */
export default function run(order: TurnGroup | WarmUp): Promise<JobEnd[]> | Promise<void> {
  return 'modules' in order ? warmUp(order) : runTurns(order);
}

/** A file that fails to load fails the tasks of its type, each in its own words. */
async function warmUp({ modules }: WarmUp): Promise<void> {
  await Promise.allSettled(modules.map(definitionOf));
}

/**
 * Returns the ends that it has not told of. Before a job begins, the end of the one before it is told: what
 * follows may keep this thread from telling it. Where turns go on side by side, those that end together are
 * told of together.
 */
async function runTurns({ turns }: TurnGroup): Promise<JobEnd[]> {
  const untold: JobEnd[] = [];
  const tell = () => {
    if (untold.length > 0) post({ ends: untold.splice(0) });
  };
  let open = turns.length;
  const runTurn = async (turn: Turn) => {
    for (const [index, job] of turn.jobs.entries()) {
      if (!mark(turn, index)) continue;
      if (index > 0) tell();
      untold.push(await runJob(job));
    }
    open -= 1;
    if (open > 0 && untold.length === 1) setImmediate(tell);
  };
  await Promise.all(turns.map(runTurn));
  return untold;
}

/** Whatever the task does short of ending the thread comes back as an outcome. */
function runJob(job: Job): Promise<JobEnd> {
  return current.run(job, async () => {
    const controller = new AbortController();
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    const entry: Running = { job, controller, fail, messages: 0 };
    running.set(job.id, entry);
    const startedAt = performance.now();
    const outcome = await Promise.race([attempt(entry), failed]).catch(
      (thrown): Outcome => ({ error: failureOf(thrown) }),
    );
    running.delete(job.id);
    const ms = performance.now() - startedAt;
    await endChildren(entry);
    return { jobId: job.id, outcome, ms, messages: entry.messages };
  });
}

/** An attempt ends after its children: the next one must not meet them. */
async function endChildren(entry: Running): Promise<void> {
  const programs = await children.end(entry.job.id);
  if (programs.length === 0) return;
  const named = programs.slice(0, 5).join(', ');
  const message = `${programs.length} child process(es) still ran when the attempt ended, and were ended: ${named}`;
  note(entry, { kind: 'log', level: 'warn', message, details: undefined });
}

async function attempt(entry: Running): Promise<Outcome> {
  const { job } = entry;
  const definition = await definitionOf(job.module);
  const payload = await definition.payload.safeParseAsync(job.payload);
  if (!payload.success) return { error: invalidPayload(payload.error.issues) };
  return storable(await definition.run(payload.data, contextOf(entry)));
}

function definitionOf(module: string): Promise<CheckedDefinition> {
  const known = definitions.get(module) ?? current.exit(() => loadDefinition(module, module));
  definitions.set(module, known);
  known.catch(() => definitions.delete(module));
  return known;
}

function contextOf(entry: Running): TaskContext<string> {
  const { taskId, attempt, dataDir, env } = entry.job;
  const log = logOf(entry);
  return {
    taskId,
    attempt,
    dataDir,
    env: Object.freeze(env),
    log,
    signal: entry.controller.signal,
    progress(value) {
      // One value that the edge refuses would stop the heartbeat of all other tasks.
      if (isProgress(value)) note(entry, { kind: 'progress', value });
      else log.warn(`Progress is dropped: expected a JSON value of at most ${MAX_PROGRESS_BYTES} bytes`);
    },
  };
}

function logOf(entry: Running): TaskLog {
  const write = (level: TaskLogLevel) => (message: string, details?: object) => {
    const { message: text, fields } = boundedTaskRecord(message, details);
    note(entry, { kind: 'log', level, message: text, details: fields });
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function note(entry: Running, said: ThreadNote): void {
  entry.messages += 1;
  send(entry.job.id, said);
}

function send(jobId: number, said: ThreadNote): void {
  post({ ...said, jobId });
}

function post(message: FromThread): void {
  parentPort?.postMessage(message);
}

function blame(thrown: unknown): void {
  const job = current.getStore();
  const entry = job && running.get(job.id);
  if (entry) {
    entry.fail(thrown);
    return;
  }
  const whose = job ? `Task ${job.taskId}` : 'A task';
  send(job?.id ?? 0, {
    kind: 'stray',
    message: `${whose} left something behind that failed: ${failureOf(thrown).message}`,
    ids: job && { taskId: job.taskId, leaseId: job.leaseId, attempt: job.attempt },
  });
}
