import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import { setImmediate } from 'node:timers';
import { type CheckedDefinition, loadDefinition } from '../catalog/definition.ts';
import { JobChildren } from './children/job-children.ts';
import { currentThread } from './children/os-process.ts';
import { NoteBudget, STRAY_LIMITS } from './note-budget.ts';
import { failureOf, invalidPayload, storable } from './outcome.ts';
import { closePublicPorts, refuseOtherThreads } from './ports/public-ports.ts';
import { replaceStdio } from './stdio/task-stdio.ts';
import { contextOf, TaskNotes } from './task-context.ts';
import { forgetNodeFlags } from './thread-env.ts';
import { openThreadPort, type ThreadPort } from './thread-port.ts';
import {
  type BatchGroup,
  type Job,
  type JobBatch,
  MAX_LOG_LENGTH,
  type Outcome,
  type Setup,
  type TaskFailure,
  type ThreadNote,
  tryStart,
  type WarmUp,
} from './thread-protocol.ts';
import { takeCollector } from './v8-flags.ts';

/** A job on this thread, until its outcome is on its way. */
interface Running {
  readonly job: Job;
  readonly controller: AbortController;
  readonly notes: TaskNotes;
  /** Ends the job with an error that no code of the task caught. */
  readonly fail: (thrown: unknown) => void;
}

// Saved before any task module is loaded, so tasks cannot replace these functions.
const now = performance.now.bind(performance);
const { freeze } = Object;
const { parse } = JSON;
const collectGarbage = takeCollector();

forgetNodeFlags();
refuseOtherThreads();

const definitions = new Map<string, Promise<CheckedDefinition>>();
const running = new Map<number, Running>();
/** The job of the code that runs now, also in timers and callbacks. */
const current = new AsyncLocalStorage<Job>();
/** The limit for reports of errors that tasks left behind, and of messages to `parentPort`. */
const strays = new NoteBudget(STRAY_LIMITS, now());

let setup: { readonly token: string; readonly port: ThreadPort; readonly children: JobChildren } | undefined;

replaceStdio((output, piece) => printing()?.notes.print(output, piece));

// An error that a job throws outside its promise fails that job. After the job has ended it is only reported. A
// task cannot remove the callback. If it removes the listener, Node passes rejections to the callback too.
process.setUncaughtExceptionCaptureCallback(blame);
process.on('unhandledRejection', blame);
Object.defineProperty(process, 'setUncaughtExceptionCaptureCallback', {
  value: () => {
    throw new Error('Task code cannot catch what others throw');
  },
  writable: false,
  configurable: false,
});
syncBuiltinESMExports();

const exit = process.exit;
process.exit = (code) => {
  const job = current.getStore();
  note(job?.id ?? 0, { kind: 'exit', code: String(code ?? process.exitCode ?? 0) });
  void setup?.children.endAll();
  return exit(code);
};

/**
 * Handles an order of the main thread: the set-up first, then batches of jobs or files to load.
 *
 * @returns the id that Linux gives to the thread, for the first order only.
 * @throws {Error} if the order does not come from the main thread.
 */
export default function run(order: Setup | BatchGroup | WarmUp): Nothing | number | undefined {
  if (setup === undefined && 'port' in order) {
    const onAbort = (jobId: number, reason: string) =>
      running.get(jobId)?.controller.abort(new Error(reason));
    const port = openThreadPort(order, onAbort);
    const children = new JobChildren({
      onNote: (note) => void port.note(note),
      currentJob: () => current.getStore()?.id,
      isRunning: (job) => running.has(job),
    });
    setup = { token: order.token, port, children };
    closePublicPorts(noteUnheard);
    return currentThread();
  }
  if (setup === undefined || order.token !== setup.token || 'port' in order) {
    throw new Error('This thread takes orders of the runner alone');
  }
  const { port } = setup;
  return nothingAfter('modules' in order ? () => warmUp(order) : () => runBatches(order, port));
}

/** A thenable that resolves with undefined. It is not a promise, because a task can replace a promise's methods. */
interface Nothing {
  readonly then: (resolve: (nothing: undefined) => void) => void;
}

function nothingAfter(work: () => Promise<void>): Nothing {
  const then = async (resolve: (nothing: undefined) => void) => {
    try {
      await work();
    } catch {
      // The main thread notices that the ends of jobs are missing.
    }
    resolve(undefined);
  };
  return freeze({ __proto__: null, then });
}

/** Files that fail to load are ignored here: each task of their types fails with the error. */
async function warmUp({ modules }: WarmUp): Promise<void> {
  await Promise.allSettled(modules.map(definitionOf));
}

/**
 * Sends the end of a job before the next job starts, because that may keep this thread busy for long. If batches
 * run at the same time, ends of the same turn are sent together.
 */
async function runBatches({ batches }: BatchGroup, port: ThreadPort): Promise<void> {
  let open = batches.length;
  const runBatch = async (batch: JobBatch) => {
    for (const [index, job] of batch.jobs.entries()) {
      if (!tryStart(batch, index)) continue;
      if (index > 0) port.sendEnds();
      await runJob(job, port);
    }
    open -= 1;
    if (open > 0) setImmediate(port.sendEnds);
  };
  await Promise.all(batches.map(runBatch));
  port.sendEnds();
  if (running.size === 0) collectGarbage();
}

/** Always sends an outcome, unless the task ends the thread. */
function runJob(job: Job, port: ThreadPort): Promise<void> {
  return current.run(job, async () => {
    const controller = new AbortController();
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    const notes = new TaskNotes((said) => note(job.id, said));
    const entry: Running = { job, controller, notes, fail };
    running.set(job.id, entry);
    const startedAt = now();
    const outcome = await Promise.race([attempt(entry), failed]).catch(
      (thrown): Outcome => ({ error: failureOf(thrown) }),
    );
    running.delete(job.id);
    const ms = now() - startedAt;
    await endChildren(job, notes);
    notes.flush();
    port.end({ jobId: job.id, outcome, ms });
  });
}

/** An attempt ends after its child processes, so the next attempt does not run beside them. */
async function endChildren({ id }: Job, notes: TaskNotes): Promise<void> {
  const programs = (await setup?.children.end(id)) ?? [];
  if (programs.length === 0) return;
  const named = programs.slice(0, 5).join(', ');
  notes.log(
    'warn',
    `${programs.length} child process(es) still ran when the attempt ended, and were ended: ${named}`,
  );
}

async function attempt({ job, controller, notes }: Running): Promise<Outcome> {
  const definition = await definitionOf(job.module);
  const given = takePayload(job);
  if ('error' in given) return given;
  const payload = await definition.payload.safeParseAsync(given.value);
  if (!payload.success) return { error: invalidPayload(payload.error.issues) };
  return storable(await definition.run(payload.data, contextOf(job, controller.signal, notes)));
}

/** Parses the payload and removes its text from the job, because it may be large. */
function takePayload(job: Job): { readonly value: unknown } | { readonly error: TaskFailure } {
  const { payloadText } = job;
  job.payloadText = undefined;
  try {
    return { value: payloadText === undefined ? undefined : parse(payloadText) };
  } catch (error) {
    const message = `The payload is no JSON: ${error instanceof Error ? error.message : error}`;
    return { error: invalidPayload([{ path: [], message }]) };
  }
}

function definitionOf(module: string): Promise<CheckedDefinition> {
  const known = definitions.get(module) ?? current.exit(() => loadDefinition(module, module));
  definitions.set(module, known);
  known.catch(() => definitions.delete(module));
  return known;
}

function note(jobId: number, said: ThreadNote): boolean {
  return setup?.port.note({ ...said, jobId }) ?? false;
}

/** The job that prints. If the job is unknown, as in a nested worker, it is the only running job, if there is one. */
function printing(): Running | undefined {
  const job = current.getStore();
  if (job) return running.get(job.id);
  const [only, ...others] = running.values();
  return others.length === 0 ? only : undefined;
}

function noteUnheard(): void {
  const job = current.getStore();
  if (strays.take(0, now())) note(job?.id ?? 0, { kind: 'unheard' });
}

/** This must not throw: an error would end the thread. */
function blame(thrown: unknown): void {
  try {
    const job = current.getStore();
    const entry = job && running.get(job.id);
    if (entry) entry.fail(thrown);
    else noteStray(job, thrown);
  } catch {
    // A task has replaced a function that is called here.
  }
}

function noteStray(job: Job | undefined, thrown: unknown): void {
  if (!strays.take(0, now())) return;
  note(job?.id ?? 0, { kind: 'stray', message: failureOf(thrown).message.slice(0, MAX_LOG_LENGTH) });
}
